import Checkpointing
import DurableFiles
import Foundation

/// The checkpoints of a run that were there at one moment, with the hashes of all their bytes.
///
/// A checkpoint is committed from the moment its folder has its name: from then on nothing may take it away but newer
/// ones.
package struct CommittedCheckpoints: Sendable {
  /// By the checkpoint's name, the XXH3-64 of each of its files.
  package private(set) var hashes: [String: [String: UInt64]] = [:]

  package init() {}

  /// Those in `run`, of which a job may be saving others meanwhile: what vanishes while it is read was pruned.
  package init(of run: RunFolder) { add(run) }

  /// Adds those that are there by now. What was seen before keeps its hashes.
  package mutating func add(_ run: RunFolder) {
    for name in run.checkpoints where hashes[name] == nil {
      if let files = CommittedCheckpoints.hashes(of: "\(run.path)/checkpoints/\(name)") { hashes[name] = files }
    }
  }

  package var names: [String] { hashes.keys.sorted() }

  /// Throws unless each checkpoint that the log of a job calls saved is in `run`, or was pruned.
  package static func expectAnnounced(by result: Job.Result, in run: RunFolder, keep: Int = 3) throws {
    let present = run.checkpoints
    for step in result.savedSteps { _ = try isThere(RunFolder.checkpoint(step), present, keep: keep) }
  }

  /// False where it was pruned; throws where it is gone without as many newer ones.
  private static func isThere(_ name: String, _ present: [String], keep: Int) throws -> Bool {
    if present.contains(name) { return true }
    guard present.count(where: { $0 > name }) >= keep else {
      throw TrialFailure("checkpoint \(name) was committed and is lost; there are \(present)")
    }
    return false
  }

  /// nil where the folder is not whole, because it is being pruned.
  private static func hashes(of folder: String) -> [String: UInt64]? {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder), names.contains("manifest.json")
    else { return nil }
    var files: [String: UInt64] = [:]
    for name in names {
      guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")) else { return nil }
      files[name] = bytes.withUnsafeBytes { XXH3.hash($0) }
    }
    return FileManager.default.fileExists(atPath: folder) ? files : nil
  }

  /// Throws unless each is still in `run` with the same bytes, or as many newer ones are there as the run keeps; and
  /// unless every checkpoint in `run` is whole by its own manifest. Returns how many of them are there.
  ///
  /// - Parameter keep: `checkpoint.keep` of the run.
  @discardableResult
  package func expectKept(in run: RunFolder, keep: Int = 3) throws -> Int {
    let present = run.checkpoints
    for name in present {
      do {
        _ = try CheckpointStore.load("\(run.path)/checkpoints/\(name)")
      } catch {
        throw TrialFailure("checkpoint \(name) is not whole: \(error)")
      }
    }
    var kept = 0
    for (name, files) in hashes where try CommittedCheckpoints.isThere(name, present, keep: keep) {
      guard CommittedCheckpoints.hashes(of: "\(run.path)/checkpoints/\(name)") == files else {
        throw TrialFailure("checkpoint \(name) has other bytes than when it was committed")
      }
      kept += 1
    }
    return kept
  }
}
