import DurableFiles
import Faults
@preconcurrency import Glibc
import RemoteStorage

/// Reads shards through a cache as a rank would, for tests that run several processes, or kill one.
///
///     storage-probe LOCATION FOLDER BYTE-LIMIT NAME:BYTES:HASH...
///
/// Reads each object once, in parts, and checks the hash of what it read. Prints `NAME ok` for each. Ends at once when its
/// standard input is closed, so with the test at the latest.
@main struct Probe {
  static func main() {
    endWithParent()
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch let fault as Fault {
      print("fault \(fault.code.rawValue): \(fault)")
      exit(fault.code.rawValue)
    } catch {
      print("error: \(error)")
      exit(ExitCode.internalError.rawValue)
    }
  }

  static func run(_ arguments: [String]) throws {
    setvbuf(stdout, nil, _IOLBF, 0)
    guard arguments.count > 3, let limit = Int(arguments[2]) else {
      throw Fault(.usage, "storage-probe LOCATION FOLDER BYTE-LIMIT NAME:BYTES:HASH...")
    }
    let storage = try ShardLocation.storage(
      for: arguments[0], cache: CacheSettings(folder: arguments[1], byteLimit: limit, neededShardCount: 1))
    guard let cached = storage as? CachedStorage else { throw Fault(.usage, "Not a remote location") }
    var objects: [(name: String, expected: ExpectedObject)] = []
    for argument in arguments[3...] {
      let parts = argument.split(separator: ":")
      guard parts.count == 3, let byteCount = Int(parts[1]), let hash = UInt64(parts[2], radix: 16) else {
        throw Fault(.usage, "'\(argument)' is not NAME:BYTES:HASH")
      }
      objects.append((String(parts[0]), ExpectedObject(byteCount: byteCount, hash: hash)))
    }
    try cached.expect(Dictionary(objects.map { ($0.name, $0.expected) }) { $1 })
    for (name, expected) in objects {
      let shard = try cached.open(name)
      let hasher = XXH3.Hasher()
      var offset = 0
      while offset < shard.byteCount {
        let count = min(64 << 10, shard.byteCount - offset)
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try shard.read(at: offset, into: $0) }
        hasher.update(bytes)
        offset += count
      }
      guard hasher.digest == expected.identity else { throw Fault(.badData, "Wrong bytes were read", at: name) }
      print("\(name) ok")
    }
    print("downloads \(cached.cacheUsage.downloadCount) evictions \(cached.cacheUsage.evictionCount)")
  }
}

/// Ends the process when its standard input does.
private func endWithParent() {
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { _ in
      var byte: UInt8 = 0
      while read(STDIN_FILENO, &byte, 1) > 0 {}
      _exit(ExitCode.stoppedWithCheckpoint.rawValue)
    }, nil)
}
