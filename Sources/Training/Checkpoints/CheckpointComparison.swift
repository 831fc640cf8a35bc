import Checkpointing
import Faults

/// What two checkpoints hold that is not the same: `sgmn-train checkpoint diff`.
public struct CheckpointComparison {
  /// What to tell of, in this order; only those that differ have lines.
  public struct Part: Equatable {
    public var title: String
    public var lines: [String]
  }

  public let parts: [Part]
  public var areEqual: Bool { parts.isEmpty }

  /// Compares two checkpoints, each named by its folder or by its run, of which the newest whole one counts.
  public init(_ one: String, _ other: String, warn: (String) -> Void) throws {
    let one = try CheckpointLocation(one).whole(warn: warn)
    let other = try CheckpointLocation(other).whole(warn: warn)
    let states = (try TrainingCheckpoint.readState(one), try TrainingCheckpoint.readState(other))
    var parts = [
      Part(
        title: "settings", lines: try ConfigurationDifference.allLines(states.0.configuration, states.1.configuration)),
      Part(title: "state", lines: Self.lines(states.0, states.1)),
      Part(title: "vocabulary", lines: CheckpointVocabulary.lines(one, other)),
    ]
    for (title, name) in [("weights", TrainingCheckpoint.modelFile), ("moments", TrainingCheckpoint.optimizerFile)] {
      let files = (try one.tensors(name), try other.tensors(name))
      var lines = try TensorDifference.lines(files.0, files.1)
      for key in ["step", "updates"] where files.0.metadata[key] != files.1.metadata[key] {
        lines.insert("\(key): \(files.0.metadata[key] ?? "-") | \(files.1.metadata[key] ?? "-")", at: 0)
      }
      parts.append(Part(title: title, lines: lines))
    }
    self.parts = parts.filter { !$0.lines.isEmpty }
  }

  /// A line a field of the state that differs, without the configuration.
  static func lines(_ one: RunState, _ other: RunState) -> [String] {
    func fields(_ state: RunState) -> [(name: String, value: String)] {
      [
        ("step", "\(state.step)"), ("epoch", "\(state.epoch)"), ("position in the epoch", "\(state.positionInEpoch)"),
        ("ranks", "\(state.rankCount)"), ("training shards", state.shardsFingerprint),
        ("pairs", "\(state.pairCount)"), ("precision", state.precision.rawValue), ("device", "\(state.device)"),
        ("threads a rank", state.threadCount.map(String.init) ?? "unknown"),
        ("replaced samples", "\(state.replacedSamples)"), ("skipped steps", "\(state.skippedSteps)"),
        ("an evaluation is due", state.evaluationIsDue ? "yes" : "no"),
        ("best", state.best.map { "R@mean \($0.recall) at step \($0.step)" } ?? "none"),
      ]
    }
    return zip(fields(one), fields(other)).filter { $0.value != $1.value }
      .map { "\($0.name): \($0.value) | \($1.value)" }
  }
}
