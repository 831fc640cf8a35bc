import Faults

/// Which failed saves of a checkpoint are tried again, and when.
struct SaveRetries: Sendable, Equatable {
  /// Before the second attempt, the third, and so on.
  var waits: [Duration] = [.seconds(1), .seconds(4)]

  var attemptCount: Int { waits.count + 1 }

  /// How long to wait before the next attempt; nil where there is none. Disks fill and links break for a while; a folder
  /// that may not be written to, or weights that are no numbers, stay so.
  func wait(afterAttempt attempt: Int, failedWith fault: Fault) -> Duration? {
    guard fault.code == .inputOutput, attempt <= waits.count else { return nil }
    return waits[attempt - 1]
  }
}
