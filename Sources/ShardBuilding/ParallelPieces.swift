import Synchronization
import Threads

/// The same work on numbered pieces, on many threads.
enum ParallelPieces {
  /// The results in the order of the pieces, or what the first piece that failed threw: the same on any number of
  /// threads.
  static func map<Output: Sendable>(
    count: Int, threadCount: Int, _ work: @escaping @Sendable (Int) throws -> Output
  ) throws -> [Output] {
    let run = Run(count: count, work: work)
    var threads: [WorkerThread] = []
    for _ in 1..<max(1, min(threadCount, count)) {
      guard let thread = WorkerThread({ run.work() }) else { break }
      threads.append(thread)
    }
    run.work()
    for thread in threads { thread.join() }
    // Pieces are handed out in order, so all before the first that failed have a result.
    return try run.results.withLock { results in try results.map { try $0!.get() } }
  }

  private final class Run<Output: Sendable>: Sendable {
    private let count: Int
    private let body: @Sendable (Int) throws -> Output
    private let next = Atomic(0)
    private let failed = Atomic(false)
    let results: Mutex<[Result<Output, any Error>?]>

    init(count: Int, work: @escaping @Sendable (Int) throws -> Output) {
      self.count = count
      body = work
      results = Mutex(Array(repeating: nil, count: count))
    }

    func work() {
      while !failed.load(ordering: .relaxed) {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard piece < count else { return }
        let result = Result { try body(piece) }
        if case .failure = result { failed.store(true, ordering: .relaxed) }
        results.withLock { $0[piece] = result }
      }
    }
  }
}
