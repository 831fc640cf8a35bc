import GradientAveraging
import TensorCore

/// Where the steps of a rank go: the time of every phase, and the kernels within.
///
/// A phase inside another is the inner one's time, not the outer's, so the phases and the rest add up to the step.
public final class StepProfile {
  /// A phase or a step on the time line, in nanoseconds of `ProfileClock`.
  struct Span {
    /// nil: a whole step.
    var phase: StepPhase?
    var step: Int
    var start: Int
    var duration: Int
  }

  let kernels: KernelProfile
  /// Waits until the worker has done what a phase asked of it: on a GPU, kernels run after the call that queues them.
  private let synchronize: () -> Void
  /// Steps that are not recorded: memory is taken and pages are touched in them.
  let skippedStepCount: Int
  /// Steps that are recorded; nil: all to the end of the run.
  let stepLimit: Int?
  /// Spans that are kept: the last ones.
  private let spanLimit: Int

  private(set) var spans: [Span] = []
  /// Buckets of gradients on their way: the bucket, and when in nanoseconds of `ProfileClock`.
  private(set) var journeys: [(bucket: Int, start: Int, duration: Int)] = []
  private(set) var phaseNanoseconds: [StepPhase: Int] = [:]
  private(set) var stepNanoseconds = 0
  /// Steps recorded.
  private(set) var stepCount = 0
  private(set) var letGoSpanCount = 0
  private var seenStepCount = 0
  private var step = 0
  private var stepStart: Int?
  private var open: [StepPhase] = []
  private var lastMark = 0

  /// - Parameters:
  ///   - kernels: the profile of the backend that trains; what it has recorded is forgotten, and recording begins and ends
  ///     with this one's.
  ///   - backend: the one that trains, whose kernels a phase waits for.
  public init(
    _ kernels: KernelProfile, of backend: (any Backend)? = nil, skippedStepCount: Int = 2, stepLimit: Int? = nil,
    spanLimit: Int = 100_000
  ) {
    precondition(skippedStepCount >= 0 && stepLimit ?? 1 > 0 && spanLimit > 0, "a profile of no step")
    (self.kernels, self.skippedStepCount, self.stepLimit) = (kernels, skippedStepCount, stepLimit)
    self.spanLimit = spanLimit
    synchronize = { backend?.synchronize() }
    kernels.isRecording = false
    kernels.reset()
  }

  /// Whether the next step is the first that is recorded.
  var isAboutToBegin: Bool { seenStepCount == skippedStepCount && stepCount == 0 }
  /// Whether all steps that were asked for are recorded.
  var isComplete: Bool { stepLimit.map { stepCount >= $0 } ?? false }

  func beginStep(_ number: Int) {
    defer { seenStepCount += 1 }
    guard seenStepCount >= skippedStepCount, !isComplete else { return }
    step = number
    synchronize()
    kernels.isRecording = true
    stepStart = ProfileClock.nanoseconds()
  }

  func endStep() {
    guard let start = stepStart else { return }
    synchronize()
    kernels.isRecording = false
    let duration = ProfileClock.nanoseconds() - start
    append(Span(phase: nil, step: step, start: start, duration: duration))
    stepNanoseconds += duration
    stepCount += 1
    stepStart = nil
  }

  /// Forgets a step that was begun and is not done.
  func abandonStep() {
    kernels.isRecording = false
    stepStart = nil
  }

  func during<Result>(_ phase: StepPhase, _ body: () throws -> Result) rethrows -> Result {
    guard stepStart != nil else { return try body() }
    synchronize()
    let start = ProfileClock.nanoseconds()
    closePart(at: start)
    open.append(phase)
    defer {
      synchronize()
      let end = ProfileClock.nanoseconds()
      closePart(at: end)
      open.removeLast()
      append(Span(phase: phase, step: step, start: start, duration: end - start))
    }
    return try body()
  }

  /// Puts the buckets of a step on the time line, behind the backward pass or not.
  func addJourneys(_ times: ExchangeTimes) {
    guard stepStart != nil else { return }
    for journey in times.journeys {
      journeys.append((journey.bucket, Int(journey.start * 1e9), Int((journey.end - journey.start) * 1e9)))
    }
    if journeys.count >= 2 * spanLimit { journeys.removeFirst(journeys.count - spanLimit) }
  }

  /// The time since the last mark belongs to the innermost phase.
  private func closePart(at now: Int) {
    if let phase = open.last { phaseNanoseconds[phase, default: 0] += now - lastMark }
    lastMark = now
  }

  private func append(_ span: Span) {
    spans.append(span)
    if spans.count >= 2 * spanLimit {
      letGoSpanCount += spans.count - spanLimit
      spans.removeFirst(spans.count - spanLimit)
    }
  }
}
