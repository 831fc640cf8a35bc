import Failpoints
import Telemetry

/// What failpoints cost where none is armed.
enum FailpointCost {
  /// Eleven of a step, and some of the samples that are read for it.
  static let hitsPerStep = 16.0

  /// Nanoseconds of a hit, the mean of ten million.
  static func nanosecondsPerHit() throws -> Double {
    let count = 10_000_000
    let start = monotonicSeconds()
    for _ in 0..<count { try Failpoint.stepEnd.hit() }
    return (monotonicSeconds() - start) * 1e9 / Double(count)
  }
}
