import Checkpointing
import Faults
import Telemetry

/// Every byte of checkpoints against its checksum: `sgmn-train checkpoint verify`.
public enum CheckpointVerification {
  /// Tells one line a checkpoint, of a run or one alone.
  ///
  /// - Throws: `Fault(.badData)` at the end where one is damaged; the fault of reading where one cannot be judged.
  public static func verify(_ path: String, tell: (String) -> Void) throws {
    let folders: [String]
    switch try CheckpointLocation(path) {
    case .checkpoint(let folder): folders = [folder]
    case .store(let store): folders = try store.found().map { "\(store.folder)/\($0.name)" }
    }
    var damagedCount = 0
    for folder in folders {
      let name = folder.split(separator: "/").last.map(String.init) ?? folder
      do {
        let checkpoint = try Checkpoint(folder: folder)
        try checkpoint.verify()
        let count = checkpoint.manifest.files.count
        tell("\(name): whole, \(count) files, \(Format.byteCount(checkpoint.byteCount))")
      } catch let fault as Fault where fault.code == .badData || fault.code == .inputMissing {
        damagedCount += 1
        tell("\(name): damaged: \(fault)")
      }
    }
    guard damagedCount == 0 else {
      throw Fault(
        .badData, "\(damagedCount) of \(folders.count) checkpoint(s) damaged", at: path,
        remedy: "A run passes over them by itself; restore them from a copy, or remove them")
    }
  }
}
