import Checkpointing
import DurableFiles
import Faults
import Foundation
import Telemetry

/// Brings a checkpoint to the disk, in several attempts where the disk fails. Used by any thread.
struct CheckpointWriter: Sendable {
  var store: CheckpointStore
  /// The log of the run, which is cut to a checkpoint's step at a resume: its lines must not be younger on the disk.
  var metrics: String
  /// About how many bytes a checkpoint has.
  var byteCount: Int
  /// Where the model encodes texts itself, what it reads them with.
  var vocabulary: [UInt8]?
  var retries = SaveRetries()
  var logger: Logger
  /// Called again and again while the writing goes on: a disk may take long for a large checkpoint.
  var goesOn: @Sendable () -> Void = {}

  /// Saves a checkpoint; when this returns it survives a power cut. Every attempt writes new files.
  ///
  /// - Parameter lastStep: That of the checkpoint before, which stays where this one cannot be saved; for the message.
  func write(_ contents: CheckpointContents, isBest: Bool, lastStep: Int?) throws {
    try contents.requireFinite()
    var attempt = 1
    while true {
      goesOn()
      do {
        try DurableFile.syncFile(metrics)
        let warn = { logger.warning($0) }
        try store.save(
          step: contents.state.step, isBest: isBest, byteCount: byteCount, warn: warn, goesOn: goesOn
        ) {
          try TrainingCheckpoint.write(contents, vocabulary: vocabulary, to: $0, goesOn: goesOn)
        }
        return
      } catch {
        let fault = error as? Fault ?? Fault(.internalError, "\(error)")
        guard let wait = retries.wait(afterAttempt: attempt, failedWith: fault) else {
          throw end(fault, step: contents.state.step, attempts: attempt, lastStep: lastStep)
        }
        logger.warning(
          "the checkpoint of step \(contents.state.step) could not be saved (attempt \(attempt) of "
            + "\(retries.attemptCount), the next in \(wait)): \(fault)")
        Thread.sleep(forTimeInterval: wait / .seconds(1))
        attempt += 1
      }
    }
  }

  private func end(_ fault: Fault, step: Int, attempts: Int, lastStep: Int?) -> Fault {
    guard fault.code == .inputOutput else { return fault }
    let free = (try? DurableFile.freeByteCount(at: store.folder)).map { "\($0) are free" } ?? "what is free is unknown"
    let stays = lastStep.map { "the checkpoint of step \($0) stays" } ?? "there is none before it"
    return Fault(
      fault.code,
      "The checkpoint of step \(step) could not be saved in \(attempts) attempts: \(fault.what); it needs \(byteCount) "
        + "bytes, \(free) in \(store.folder); \(stays)",
      at: fault.place ?? store.folder,
      remedy: fault.remedy ?? "Look at the disk, or choose another folder")
  }
}
