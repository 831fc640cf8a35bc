import Synchronization

/// Checkpoints of which every byte was written, or compared with its checksum, by this process: none is read again to
/// see whether it may be counted among the kept.
final class WholeCheckpoints: Sendable {
  private let manifests = Mutex<[String: CheckpointManifest]>([:])

  func insert(_ checkpoint: Checkpoint) { manifests.withLock { $0[checkpoint.folder] = checkpoint.manifest } }

  /// Forgets one that was found damaged since.
  func remove(_ checkpoint: Checkpoint) { manifests.withLock { $0[checkpoint.folder] = nil } }

  /// Whether it is one of these, and not another that has taken its place.
  func contains(_ checkpoint: Checkpoint) -> Bool {
    manifests.withLock { $0[checkpoint.folder] == checkpoint.manifest }
  }
}
