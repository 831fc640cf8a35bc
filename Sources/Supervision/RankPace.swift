/// How long a rank takes for its own parts of a step, in which it waits for no other.
public struct RankPace: Sendable, Equatable {
  /// Seconds of each part: medians over the steps of a window.
  public var seconds: [Double]
  /// Of a whole step.
  public var stepSeconds: Double

  public init(seconds: [Double], stepSeconds: Double) { (self.seconds, self.stepSeconds) = (seconds, stepSeconds) }
}

extension RankPace {
  /// For the other ranks: numbers of 8 bytes.
  public var bytes: [UInt8] { (seconds + [stepSeconds]).withUnsafeBytes { Array($0) } }

  /// nil where the bytes are not those of a pace with so many parts.
  public init?(_ bytes: [UInt8], partCount: Int) {
    guard bytes.count == 8 * (partCount + 1) else { return nil }
    let numbers = bytes.withUnsafeBytes { bytes in
      (0..<partCount + 1).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
    self.init(seconds: Array(numbers.prefix(partCount)), stepSeconds: numbers[partCount])
  }
}
