/// A part of a step in which a rank waits for no other, and what is worth telling of it.
public struct StepPart: Sendable, Equatable {
  /// As a line of the log says it: "forward".
  public var name: String
  /// Seconds a step, and the share of a step, by which a rank must be slower than the others.
  public var leastSeconds: Double
  public var leastShare: Double

  public init(_ name: String, leastSeconds: Double = 0.01, leastShare: Double = 0.1) {
    (self.name, self.leastSeconds, self.leastShare) = (name, leastSeconds, leastShare)
  }

  /// The waits of a thread that could run for a processor. Where ranks or other programs share processors they come and
  /// go, and only long ones are told.
  public static let processor = StepPart("waiting for a processor", leastSeconds: 0.2, leastShare: 0.25)
}
