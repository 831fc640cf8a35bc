import Foundation
import Randomness

/// A moment of a run at which something is done to it.
package enum Moment: Sendable {
  /// So long after the launcher's start: libraries load, ranks meet, a checkpoint is read.
  case start(seconds: Double)
  /// So long after the first step began.
  case step(seconds: Double)
  /// So long after the writing of a checkpoint began: the first that begins so long after the first step.
  case save(seconds: Double, later: Double = 0)

  /// What slows a run down, so that steps and saves last long enough to be met: every step of every rank by 15 ms, every
  /// checkpoint by 40 ms before it gets its name and 20 ms before it is published.
  package static let slowness =
    "step.forward:sleep=15@*,checkpoint.written:sleep=40@*,checkpoint.renamed:sleep=20@*"

  /// One of the three kinds, each as likely where `kind` does not say which, at a random time within it.
  package static func random(_ stream: inout RandomStream, kind: Int? = nil) -> Moment {
    switch kind.map({ $0 % 3 }) ?? stream.integer(below: 3) {
    case 0: .start(seconds: stream.uniform(0, 0.9))
    case 1: .step(seconds: stream.uniform(0, 0.7))
    default: .save(seconds: stream.uniform(0, 0.06), later: stream.uniform(0, 0.5))
    }
  }

  /// Waits for it; false where the job ends before.
  package func wait(for job: Job, of run: RunFolder) -> Bool {
    switch self {
    case .start(let seconds):
      pause(seconds)
      return job.isRunning
    case .step(let seconds):
      guard job.wait(until: { job.isInLoop }) else { return false }
      pause(seconds)
      return job.isRunning
    case .save(let seconds, let later):
      guard job.wait(until: { job.isInLoop }) else { return false }
      pause(later)
      guard job.wait(milliseconds: 2, until: { run.isSaving }) else { return false }
      pause(seconds)
      return job.isRunning
    }
  }

  private func pause(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }
}
