import Faults
import GradientAveraging

/// What a benchmark computes, and how often.
public struct BenchmarkOptions: Sendable {
  /// The model and how it is computed; no data, no folder.
  public var configuration: RunConfiguration
  /// Of the operands of products.
  public var precision = RunConfiguration.Precision.float32
  /// Pairs of a rank and step.
  public var pairCount = 4
  public var stepCount = 6
  /// Steps before those that are timed.
  public var warmupStepCount = 1
  /// Whether gradients travel during the backward pass; a trial (`auto`) takes eight steps.
  public var overlap = Overlap.off
  public var transport = Transport.auto

  public init(_ configuration: RunConfiguration) { self.configuration = configuration }

  /// Throws where the configuration cannot be measured.
  public func validate() throws {
    try configuration.validate()
    let model = configuration.model
    guard !model.text || model.textFilter == .linear else {
      throw Fault(
        .configuration, "model.text_filter gated needs token features, which the benchmark's texts do not have",
        remedy: "Set model.text_filter=linear")
    }
  }

  /// Throws where the ranks, or the pairs of each, cannot be shared out among the virtual ranks.
  func virtualRanks(rankCount: Int) throws -> VirtualRanks {
    let virtualRanks = try VirtualRanks(configuration.compute.virtualRanks, rankCount: rankCount)
    guard pairCount % virtualRanks.perRank == 0 else {
      throw Fault(
        .usage, "\(pairCount) pairs of a rank cannot be shared by its \(virtualRanks.perRank) virtual ranks",
        remedy: "Choose a multiple of \(virtualRanks.perRank) for --pairs")
    }
    return virtualRanks
  }

  /// The name of the precision on the line of a benchmark.
  var formatName: String { precision == .bf16 ? "bf16" : "fp32" }
  var matcherName: String { configuration.model.smf ? configuration.model.smfTokens.rawValue : "off" }
}
