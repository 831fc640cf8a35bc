import DurableFiles
import Faults
import Synchronization

/// Keeps the most recently read shards of a set open: a set may have more files than a process may open. A shard is
/// checked to be the one that the index means when it is opened first.
final class OpenShards: Sendable {
  private static let capacity = 256

  private struct State {
    /// Most recently used last.
    var open: [Shard] = []
    var checked: Set<Int> = []
  }

  private struct Shard {
    var number: Int
    var bytes: any ShardBytes
    /// Where token features are, once somebody has asked.
    var tokens: TokenDirectory?
  }

  private let state = Mutex(State())
  private let storage: any ShardStorage
  private let configuration: ShardConfiguration

  init(_ storage: any ShardStorage, _ configuration: ShardConfiguration) {
    self.storage = storage
    self.configuration = configuration
  }

  /// The bytes of a shard. A file that drops out of the cache closes when its last user is done.
  func bytes(of shard: ShardSetIndex.Shard) throws -> any ShardBytes {
    let (known, isChecked) = state.withLock { state -> ((any ShardBytes)?, Bool) in
      let isChecked = state.checked.contains(shard.number)
      guard let place = state.open.lastIndex(where: { $0.number == shard.number }) else { return (nil, isChecked) }
      let entry = state.open.remove(at: place)
      state.open.append(entry)
      return (entry.bytes, isChecked)
    }
    if let known { return known }
    let bytes = try OpenShards.open(shard, storage)
    if !isChecked { try OpenShards.check(bytes, shard, configuration) }
    state.withLock { state in
      state.checked.insert(shard.number)
      if state.open.count == OpenShards.capacity { state.open.removeFirst() }
      state.open.append(Shard(number: shard.number, bytes: bytes))
    }
    return bytes
  }

  /// The bytes of a shard, and where token features are in them; nil in a set that has none.
  func tokens(of shard: ShardSetIndex.Shard) throws -> (any ShardBytes, TokenDirectory?) {
    let bytes = try bytes(of: shard)
    let known = state.withLock { state in state.open.last { $0.number == shard.number }?.tokens }
    if let known { return (bytes, known) }
    let tokens = try ShardDirectory.tokens(of: bytes, sampleCount: shard.sampleCount, configuration: configuration)
    state.withLock { state in
      guard let place = state.open.lastIndex(where: { $0.number == shard.number }) else { return }
      state.open[place].tokens = tokens
    }
    return (bytes, tokens)
  }

  static func open(_ shard: ShardSetIndex.Shard, _ storage: any ShardStorage) throws -> any ShardBytes {
    do { return try storage.open(shard.name) } catch var fault as Fault where fault.code == .inputMissing {
      fault.what = "A shard of the set is missing"
      fault.remedy = ShardSet.remedy
      throw fault
    }
  }

  /// Size, header and trailer against the index.
  static func check(
    _ bytes: any ShardBytes, _ shard: ShardSetIndex.Shard, _ configuration: ShardConfiguration
  ) throws {
    do {
      guard bytes.byteCount == shard.byteCount else {
        throw Fault(
          .badData, "The shard has \(bytes.byteCount) bytes, the index says \(shard.byteCount)",
          at: "\(bytes.path): byte \(min(bytes.byteCount, shard.byteCount))")
      }
      let (header, _, rootHash) = try ShardDirectory.ends(of: bytes, configuration: configuration)
      guard header.number == shard.number else {
        throw Fault(
          .badData, "The file holds shard \(header.number), not \(shard.number)", at: "\(bytes.path): byte 16")
      }
      guard rootHash == shard.rootHash else {
        throw Fault(
          .badData, "The shard is not the one that the index names: it is of another build", at: bytes.path)
      }
    } catch var fault as Fault where fault.code == .badData {
      if fault.remedy == nil { fault.remedy = ShardSet.remedy }
      throw fault
    }
  }
}
