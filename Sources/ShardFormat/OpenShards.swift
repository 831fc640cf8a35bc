import DurableFiles
import Faults
import Synchronization

/// Keeps the most recently read shards of a set open: a set may have more files than a process may open. A shard is
/// checked to be the one that the index means when it is opened first. Their token directories are kept apart: they
/// cost memory, not descriptors, and a shuffle window may hold more shards than may be open.
final class OpenShards: Sendable {
  private struct State {
    /// Most recently used last.
    var open: [Shard] = []
    var checked: Set<Int> = []
    var directories: RecentDirectories
  }

  private struct Shard {
    var number: Int
    var bytes: any ShardBytes
  }

  private let state: Mutex<State>
  private let capacity: Int
  private let storage: any ShardStorage
  private let configuration: ShardConfiguration

  /// - Parameters:
  ///   - capacity: shards that are kept open.
  ///   - directoryByteCount: bytes of token directories that are kept; those of 2,700 shards of 512 samples, each with
  ///     two texts of its own.
  init(
    _ storage: any ShardStorage, _ configuration: ShardConfiguration, capacity: Int = 256,
    directoryByteCount: Int = 96 << 20
  ) {
    state = Mutex(State(directories: RecentDirectories(byteLimit: directoryByteCount)))
    self.capacity = capacity
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
      if state.open.count == capacity { state.open.removeFirst() }
      state.open.append(Shard(number: shard.number, bytes: bytes))
    }
    return bytes
  }

  /// The bytes of a shard, and where token features are in them, read once while there is room for it; nil in a set
  /// that has none.
  func tokens(of shard: ShardSetIndex.Shard) throws -> (any ShardBytes, TokenDirectory?) {
    let bytes = try bytes(of: shard)
    if let known = state.withLock({ $0.directories[shard.number] }) { return (bytes, known) }
    let tokens = try ShardDirectory.tokens(of: bytes, sampleCount: shard.sampleCount, configuration: configuration)
    if let tokens { state.withLock { $0.directories.insert(tokens, ofShard: shard.number) } }
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
