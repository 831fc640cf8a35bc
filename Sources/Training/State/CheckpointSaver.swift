import Checkpointing
import Failpoints
import Faults
import NeuralNetworks
import Optimization
import Synchronization
import Telemetry
import TensorCore
import Threads

/// The saves of a run, of rank 0: a copy of the weights within the step, the writing beside the next ones.
///
/// One save is under way at a time. Used by one thread.
final class CheckpointSaver {
  /// The step of the newest checkpoint that is known to be on the disk.
  private(set) var savedStep: Int?
  /// Seconds that the last save took until it was on the disk; nil before any.
  private(set) var saveSeconds: Double?
  /// Whether a save is under way.
  var isSaving: Bool { underWay != nil }

  private let arena: ParameterArena
  private let optimizer: AdamW
  private let writer: CheckpointWriter
  /// nil where the steps wait for the writing.
  private let snapshot: CheckpointSnapshot?
  private var underWay: (thread: WorkerThread, outcome: Outcome, step: Int)?

  /// How a save has ended, with the seconds it took; nil while it is under way.
  private final class Outcome: Sendable {
    let result = Mutex<Result<Double, any Error>?>(nil)
  }

  /// - Parameter savedStep: That of the checkpoint the run goes on from, where the store has it.
  init(
    _ writer: CheckpointWriter, arena: ParameterArena, optimizer: AdamW, isAsynchronous: Bool, savedStep: Int? = nil
  ) {
    self.writer = writer
    self.arena = arena
    self.optimizer = optimizer
    self.savedStep = savedStep
    snapshot = isAsynchronous ? CheckpointSnapshot(arena) : nil
  }

  /// Begins to save what the arena and the optimiser hold now, behind the save before, if that is still under way.
  ///
  /// Throws what that save has failed with; without a snapshot also what this one fails with.
  func save(_ state: RunState, isBest: Bool) throws {
    let start = monotonicSeconds()
    try finish()
    let begin = monotonicSeconds()
    guard let snapshot else { return try saveNow(state, isBest: isBest, since: start) }
    try snapshot.take(state, arena: arena, optimizer: optimizer)
    try Failpoint.checkpointSnapshot.hit()
    let stall = monotonicSeconds() - start
    let (outcome, writer, lastStep) = (Outcome(), writer, savedStep)
    let write: @Sendable () -> Void = {
      let result = Result<Double, any Error> {
        try writer.write(snapshot.contents, isBest: isBest, lastStep: lastStep)
        writer.tell(state.step, since: start, stall: stall)
        return monotonicSeconds() - begin
      }
      outcome.result.withLock { $0 = result }
    }
    if let thread = WorkerThread(write) {
      underWay = (thread, outcome, state.step)
    } else {  // no thread is to be had: the step waits
      write()
      try take(outcome, step: state.step)
    }
  }

  /// Throws what the save under way has failed with, if it has; waits for nothing.
  func check() throws {
    guard let underWay, underWay.outcome.result.withLock({ $0 != nil }) else { return }
    try finish()
  }

  /// Waits for the save under way, and throws what it has failed with.
  func finish() throws {
    guard let (thread, outcome, step) = underWay else { return }
    thread.join()
    underWay = nil
    try take(outcome, step: step)
  }

  private func take(_ outcome: Outcome, step: Int) throws {
    saveSeconds = try outcome.result.withLock { $0 }?.get()
    savedStep = step
  }

  private func saveNow(_ state: RunState, isBest: Bool, since start: Double) throws {
    try arena.values.withHostElements { weights in
      try optimizer.firstMoment.withHostElements { first in
        try optimizer.secondMoment.withHostElements { second in
          try arena.values.backend.throwIfFailed()  // what was read may mean nothing: then there is no checkpoint
          try Failpoint.checkpointSnapshot.hit()
          try writer.write(
            CheckpointContents(
              state: state, updateCount: optimizer.stepCount, places: CheckpointContents.Place.all(in: arena),
              weights: weights, firstMoment: first, secondMoment: second),
            isBest: isBest, lastStep: savedStep)
        }
      }
    }
    savedStep = state.step
    saveSeconds = monotonicSeconds() - start
    writer.tell(state.step, since: start, stall: monotonicSeconds() - start)
  }
}

extension CheckpointWriter {
  fileprivate func tell(_ step: Int, since start: Double, stall: Double) {
    logger.info(
      "checkpoint of step \(step) in \(Format.duration(seconds: monotonicSeconds() - start)), "
        + "for which the steps waited \(Format.duration(seconds: stall))")
  }
}
