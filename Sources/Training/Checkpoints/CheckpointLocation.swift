import Checkpointing
import Faults
import Foundation

/// What a person may name: a checkpoint's folder, a run's folder, or the folder of its checkpoints.
enum CheckpointLocation {
  case checkpoint(String)
  case store(CheckpointStore)

  /// Throws `Fault(.inputMissing)` where nothing of the kind is there.
  init(_ path: String) throws {
    let files = FileManager.default
    let name = URL(fileURLWithPath: path).lastPathComponent
    if files.fileExists(atPath: "\(path)/manifest.json") || name.hasPrefix("step-") && files.fileExists(atPath: path) {
      self = .checkpoint(path)
      return
    }
    for folder in [RunFolder.checkpoints(in: path), path] {
      let store = CheckpointStore(folder: folder)
      if try files.fileExists(atPath: folder) && !store.found().isEmpty {
        self = .store(store)
        return
      }
    }
    throw Fault(.inputMissing, "No checkpoint here", at: path, remedy: "Name a run's folder or one of its checkpoints")
  }

  /// The checkpoint, verified: of a store the newest that is whole.
  func whole(warn: (String) -> Void) throws -> Checkpoint {
    switch self {
    case .checkpoint(let folder): return try CheckpointStore.load(folder)
    case .store(let store):
      guard let checkpoint = try store.newestWhole(warn: warn) else {
        throw Fault(.inputMissing, "No checkpoint here", at: store.folder)
      }
      return checkpoint
    }
  }
}
