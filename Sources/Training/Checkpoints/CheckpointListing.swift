import Checkpointing
import Faults
import Telemetry

/// The checkpoints of a run, a line each: `sgmn-train checkpoint ls`.
public enum CheckpointListing {
  /// Step, time, size, ranks, precision, and whether it is `latest` or `best`; of a damaged one why it is. Files are
  /// looked at for their sizes alone, the newest last.
  public static func lines(_ path: String) throws -> [String] {
    switch try CheckpointLocation(path) {
    case .store(let store): return try store.found().map { line($0) }
    case .checkpoint:
      throw Fault(.usage, "This is one checkpoint, not a run", at: path, remedy: "Name the folder of the run")
    }
  }

  static func line(_ found: FoundCheckpoint) -> String {
    let marks = (found.isLatest ? "  latest" : "") + (found.isBest ? "  best" : "")
    let step = padded("step \(found.step)", 14)
    do {
      let checkpoint = try found.checkpoint.get()
      let state = try TrainingCheckpoint.readState(checkpoint)
      let ranks = state.rankCount == 1 ? "1 rank" : "\(state.rankCount) ranks"
      return step + padded(checkpoint.manifest.created, 22) + padded(Format.byteCount(checkpoint.byteCount), 12)
        + padded(ranks, 12) + state.precision.rawValue + marks
    } catch {
      return step + "damaged: \(error)" + marks
    }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(2, width - text.count))
  }
}
