import Faults

/// The constants of AdamW (Loshchilov & Hutter 2019); the learning rate is a `LearningRateSchedule`'s.
public struct AdamWConfiguration: Codable, Sendable, Equatable {
  /// How much of the running mean of gradients one step keeps.
  public var beta1 = 0.9
  /// How much of the running mean of squared gradients one step keeps.
  public var beta2 = 0.98
  /// Added to the root of the mean of squares.
  public var epsilon = 1e-6
  /// The share of a matrix that a step of rate 1 takes away; biases, norms and embeddings do not decay.
  public var weightDecay = 0.2

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case beta1, beta2, epsilon
    case weightDecay = "weight_decay"
  }

  /// Throws a configuration fault where no update of these numbers exists.
  public func validate() throws {
    for (field, value) in [("beta1", beta1), ("beta2", beta2)] where !(value >= 0 && value < 1) {
      throw Fault(
        .configuration, "optimizer.\(field): \(value) is not within 0..<1", remedy: "Change optimizer.\(field)")
    }
    if !(epsilon > 0 && epsilon.isFinite) {
      throw Fault(.configuration, "optimizer.epsilon: \(epsilon) is not positive", remedy: "Change optimizer.epsilon")
    }
    if !(weightDecay >= 0 && weightDecay.isFinite) {
      throw Fault(
        .configuration, "optimizer.weight_decay: \(weightDecay) is not a decay", remedy: "Change optimizer.weight_decay"
      )
    }
  }
}
