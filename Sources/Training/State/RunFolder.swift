import Collectives
import DurableFiles
import Faults
import Foundation
import Telemetry

/// The folder of a run: `config.yaml`, `metrics.jsonl`, `checkpoints/`, `initialization.txt` where it began with the
/// weights of a file, `error.rank-R.json` where a rank failed.
///
/// Rank 0 holds its lock; two runs never share one.
final class RunFolder {
  let path: String
  private let lock: FolderLock

  /// Seconds. Ranks whose `mpirun` was killed are gone within one.
  private static let patience = 5.0

  static func checkpoints(in path: String) -> String { "\(path)/checkpoints" }

  /// Waits a moment for a run that has been killed to be gone.
  init(_ path: String, logger: Logger) throws {
    self.path = path
    try DurableFile.createFolder(path)
    try DurableFile.syncName(of: path)
    lock = try FolderLock(folder: path, patience: RunFolder.patience) { held in
      logger.notice("waiting \(Int(RunFolder.patience)) s for the folder: \(held.what) (\(path))")
    }
    try FirstError.clear(folder: path)
    try DurableFile.removeTemporaryFiles(in: path)
  }

  var checkpoints: String { RunFolder.checkpoints(in: path) }
  var metrics: String { "\(path)/metrics.jsonl" }

  var initialization: String { "\(path)/initialization.txt" }

  func writeInitialization(_ report: String) throws { try DurableFile.write([UInt8](report.utf8), to: initialization) }

  func removeInitialization() throws {
    guard FileManager.default.fileExists(atPath: initialization) else { return }
    try FileManager.default.removeItem(atPath: initialization)
  }

  func write(_ configuration: RunConfiguration) throws {
    try DurableFile.write([UInt8](ConfigurationFile.text(of: configuration).utf8), to: "\(path)/config.yaml")
  }
}
