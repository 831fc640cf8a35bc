import Faults
import Yams

/// Which settings of a checkpoint's run are not those of this one.
public enum ConfigurationDifference {
  /// Keys that may change between a stop and a resume: they do not change what is computed, but for
  /// rounding (`compute.encoder_parts`).
  static let free: Set<String> = [
    "data.train", "data.prefetch", "data.threads", "data.memory", "data.read_ahead", "data.on_bad", "data.skip_budget",
    "data.text_encoder", "data.vocabulary", "data.cache.folder", "data.cache.bytes",
    "compute.recompute", "compute.encoder_parts",
    "checkpoint.every", "checkpoint.keep", "checkpoint.asynchronous", "evaluation.shards", "evaluation.every",
    "safety.compare_ranks_every", "safety.on_not_finite", "safety.skip_limit", "safety.spike_deviations",
    "initialization.visual", "initialization.release", "initialization.text",
    "safety.hang_seconds", "safety.long_hang_seconds", "safety.straggler_factor",
  ]

  /// `field: checkpoint=… now=…` for every key that differs and may not.
  public static func lines(checkpoint: RunConfiguration, now: RunConfiguration) throws -> [String] {
    lines(checkpoint: try flattened(checkpoint), now: try flattened(now))
  }

  /// The same of two configurations that are flattened.
  static func lines(checkpoint old: [String: String], now new: [String: String]) -> [String] {
    new.keys.sorted()
      .filter { !free.contains($0) && old[$0] != new[$0] && !leavesOpen($0, old[$0], new[$0]) }
      .map { "\($0): checkpoint=\(old[$0] ?? "-") now=\(new[$0] ?? "-")" }
  }

  /// Whether one of two values does not say what is computed: what was, is in the state of the run.
  private static func leavesOpen(_ key: String, _ old: String?, _ new: String?) -> Bool {
    let auto = RunConfiguration.PrecisionChoice.auto.rawValue
    return key == "compute.precision" && (old == auto || new == auto)
  }

  /// `field: ONE | OTHER` for every key that differs, whether it may or not.
  static func allLines(_ one: RunConfiguration, _ other: RunConfiguration) throws -> [String] {
    let (one, other) = (try flattened(one), try flattened(other))
    return one.keys.sorted().filter { one[$0] != other[$0] }.map { "\($0): \(one[$0] ?? "-") | \(other[$0] ?? "-")" }
  }

  /// The value of every key, `group.key`, as the file of settings writes it.
  static func flattened(_ configuration: RunConfiguration) throws -> [String: String] {
    var result: [String: String] = [:]
    func visit(_ node: Node, _ path: [String]) {
      if case .mapping(let mapping) = node {
        for (key, value) in mapping { visit(value, path + [key.string ?? "?"]) }
      } else {
        result[path.joined(separator: ".")] = node.string ?? ""
      }
    }
    visit(try ConfigurationFile.tree(of: configuration), [])
    return result
  }
}
