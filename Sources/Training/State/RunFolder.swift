import Collectives
import DurableFiles
import Faults
import Foundation

/// The folder of a run: `config.yaml`, `metrics.jsonl`, `checkpoints/`, `error.rank-R.json` where a rank failed.
///
/// Rank 0 holds its lock; two runs never share one.
final class RunFolder {
  let path: String
  private let lock: FolderLock

  static func checkpoints(in path: String) -> String { "\(path)/checkpoints" }

  init(_ path: String) throws {
    self.path = path
    try DurableFile.createFolder(path)
    lock = try FolderLock(folder: path)
    try FirstError.clear(folder: path)
  }

  var checkpoints: String { RunFolder.checkpoints(in: path) }
  var metrics: String { "\(path)/metrics.jsonl" }

  func write(_ configuration: RunConfiguration) throws {
    try DurableFile.write([UInt8](ConfigurationFile.text(of: configuration).utf8), to: "\(path)/config.yaml")
  }
}
