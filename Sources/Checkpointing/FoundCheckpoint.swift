import Faults

/// A checkpoint as it lies in a store, damaged or not.
public struct FoundCheckpoint: Sendable {
  /// Of its folder.
  public var name: String
  /// By its name.
  public var step: Int
  /// Its manifest, or why it cannot be read; files have been looked at for their sizes alone.
  public var checkpoint: Result<Checkpoint, Fault>
  public var isLatest: Bool
  public var isBest: Bool
}

extension CheckpointStore {
  /// All checkpoints, the oldest first, those with unreadable manifests before them by their steps. Changes nothing, and
  /// may be called while a run saves: what it prunes meanwhile is left out.
  public func found() throws -> [FoundCheckpoint] {
    let (latest, best) = (try? pointer("latest"), try? pointer("best"))
    let all = try names().compactMap { name -> FoundCheckpoint? in
      let path = "\(folder)/\(name)"
      let checkpoint = Result { try Checkpoint(folder: path).withAllBytes() }
        .mapError { $0 as? Fault ?? Fault(.internalError, "\($0)", at: path) }
      if case .failure = checkpoint, try !exists(path) { return nil }
      return FoundCheckpoint(
        name: name, step: Self.step(name: name) ?? 0, checkpoint: checkpoint, isLatest: name == latest,
        isBest: name == best)
    }
    return all.enumerated()
      .sorted { ($0.element.sequence, $0.offset) < ($1.element.sequence, $1.offset) }.map(\.element)
  }
}

extension FoundCheckpoint {
  /// -1 for one whose place in the order is not known.
  fileprivate var sequence: Int { (try? checkpoint.get())?.manifest.sequence ?? -1 }
}
