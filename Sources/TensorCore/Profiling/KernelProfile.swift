import Glibc
import Synchronization

/// What the kernels of a worker took: the last calls one by one, and the sums of all.
public final class KernelProfile: Sendable {
  /// What belongs together in a table: products and attention by the sizes that do not follow the count of pictures, all
  /// else by its name.
  public struct Operator: Sendable, Hashable {
    public var kernel: Kernel
    public var dtype: DType
    public var shape: KernelShape?

    init(_ event: KernelEvent) {
      kernel = event.kernel
      dtype = event.dtype
      shape = event.floatingOperationCount > 0 ? Operator.sizes(of: event) : nil
    }

    private static func sizes(of event: KernelEvent) -> KernelShape {
      var shape = event.shape
      if shape.batch > 1 {
        shape.batch = KernelShape.any
      } else if event.kernel == .productOfTransposed {
        shape.inner = KernelShape.any  // the gradient of a weight: a sum over the tokens
      } else {
        shape.rows = KernelShape.any
      }
      return shape
    }

    /// `product a·bᵀ n×768×3072 float32`
    public var name: String { kernel.rawValue + (shape.map { " \($0)" } ?? "") + " \(dtype)" }
  }

  public struct Totals: Sendable, Equatable {
    public var count = 0
    public var nanoseconds = 0
    public var floatingOperationCount = 0
    public var byteCount = 0

    public init() {}

    public var seconds: Double { Double(nanoseconds) * 1e-9 }
    /// 10⁹ floating-point operations a second.
    public var gigaflopsPerSecond: Double { nanoseconds > 0 ? Double(floatingOperationCount) / Double(nanoseconds) : 0 }
    /// 10⁹ bytes a second.
    public var gigabytesPerSecond: Double { nanoseconds > 0 ? Double(byteCount) / Double(nanoseconds) : 0 }

    public mutating func add(_ other: Totals) {
      count += other.count
      nanoseconds += other.nanoseconds
      floatingOperationCount += other.floatingOperationCount
      byteCount += other.byteCount
    }
  }

  private struct State {
    var events: [KernelEvent] = []
    var totals: [Operator: Totals] = [:]
    var recordedCount = 0
  }

  /// Events that are kept one by one: the last ones.
  public let eventLimit: Int
  private let state = Mutex(State())
  private let recording: Atomic<Bool>
  private let mainThread = UInt(pthread_self())
  /// Whether the main thread is inside a kernel.
  private let isInside = Atomic(false)

  public init(isRecording: Bool = true, eventLimit: Int = 200_000) {
    precondition(eventLimit > 0, "a profile of \(eventLimit) events")
    self.eventLimit = eventLimit
    recording = Atomic(isRecording)
  }

  /// Whether calls are recorded. While they are not, a call costs one look at this.
  public var isRecording: Bool {
    get { recording.load(ordering: .relaxed) }
    set { recording.store(newValue, ordering: .relaxed) }
  }

  /// The last events, in the order of their ends, at most `eventLimit`.
  public var events: [KernelEvent] { state.withLock { Array($0.events.suffix(eventLimit)) } }

  /// Events since the start, those that were let go among them.
  public var recordedCount: Int { state.withLock { $0.recordedCount } }

  public var totals: [Operator: Totals] { state.withLock { $0.totals } }

  /// Whether a call that begins now is to be recorded; `record` must follow. A kernel that a kernel calls is not: its
  /// time is the outer one's.
  func begins() -> Bool {
    guard isRecording else { return false }
    guard UInt(pthread_self()) == mainThread else { return true }
    return !isInside.exchange(true, ordering: .relaxed)
  }

  /// Forgets all that was recorded.
  public func reset() { state.withLock { $0 = State() } }

  func record(
    _ kernel: Kernel, _ dtype: DType, _ shape: KernelShape, start: Int, operations: Int, byteCount: Int
  ) {
    let isOnMainThread = UInt(pthread_self()) == mainThread
    if isOnMainThread { isInside.store(false, ordering: .relaxed) }
    let event = KernelEvent(
      kernel: kernel, dtype: dtype, shape: shape, start: start, duration: ProfileClock.nanoseconds() - start,
      floatingOperationCount: operations, byteCount: byteCount, isOnMainThread: isOnMainThread)
    state.withLock { state in
      state.recordedCount += 1
      state.events.append(event)
      if state.events.count >= 2 * eventLimit { state.events.removeFirst(state.events.count - eventLimit) }
      var totals = Totals()
      totals.count = 1
      totals.nanoseconds = event.duration
      totals.floatingOperationCount = operations
      totals.byteCount = byteCount
      state.totals[Operator(event), default: Totals()].add(totals)
    }
  }
}
