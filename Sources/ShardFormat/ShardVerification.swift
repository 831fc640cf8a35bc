import DurableFiles
import Faults

/// Looks for damage in a set and lists all of it, where reading a set stops at the first.
public enum ShardVerification {
  public enum Depth: String, Sendable, CaseIterable {
    /// Index, sizes, headers, trailers, sample indexes: what opening a set checks.
    case quick
    /// And every byte of every file, every sample decompressed.
    case full
  }

  /// What was found.
  public struct Report: Sendable {
    public var problems: [Fault] = []
    /// Checked, right or wrong.
    public var shardCount = 0
    public var sampleCount = 0
    public var byteCount = 0

    public var isClean: Bool { problems.isEmpty }
  }

  /// Verifies a folder. `Fault(.inputMissing)` if there is no set; every other trouble is in the report.
  ///
  /// - Parameter progress: called after every shard with the report so far.
  public static func verify(
    folder: String, depth: Depth = .full, progress: (Report) -> Void = { _ in }
  ) throws -> Report {
    var report = Report()
    let index: ShardSetIndex
    do {
      index = try ShardSetIndex(folder: folder)
    } catch let fault as Fault where fault.code == .badData {
      report.problems.append(fault)
      return report
    }
    let decoder = ShardDecoder()
    var firstNumber = 0
    for shard in index.shards {
      report.problems += problem { _ = try ShardSet.directory(of: shard, in: folder, index.configuration) }
      report.shardCount += 1
      report.sampleCount += shard.sampleCount
      report.byteCount += shard.byteCount
      if depth == .full { verifyBytes(shard, firstNumber, folder, index.configuration, decoder, &report) }
      firstNumber += shard.sampleCount
      progress(report)
    }
    let known = Set(index.shards.map(\.name))
    for name in try DurableFile.names(in: folder)
    where name.hasPrefix("shard-") && name.hasSuffix(".sgmn") && !known.contains(name) {
      report.problems.append(
        Fault(.badData, "The file is not in the index of the set", at: "\(folder)/\(name)", remedy: "Remove it"))
    }
    return report
  }

  /// The line that a shard would have in the index, after reading every byte of it; throws if anything is wrong.
  static func shard(
    number: Int, folder: String, configuration: ShardConfiguration
  ) throws -> ShardSetIndex.Shard {
    let path = "\(folder)/\(ShardLimits.shardName(number))"
    let file = try FileReader(path)
    let directory = try ShardDirectory(file, configuration: configuration)
    guard directory.header.number == number else {
      throw Fault(.badData, "The file holds shard \(directory.header.number)", at: path)
    }
    let line = ShardSetIndex.Shard(
      number: number, sampleCount: directory.entries.count,
      frameCount: directory.entries.reduce(0) { $0 + $1.frameCount }, byteCount: file.byteCount,
      rootHash: directory.rootHash, fileHash: try hash(of: file))
    let set = ShardSet(folder: folder, configuration: configuration, shard: line, directory: directory, firstNumber: 0)
    let decoder = ShardDecoder()
    for sample in 0..<set.count { _ = try set.load(at: sample, using: decoder) }
    return line
  }

  private static func verifyBytes(
    _ shard: ShardSetIndex.Shard, _ firstNumber: Int, _ folder: String, _ configuration: ShardConfiguration,
    _ decoder: ShardDecoder, _ report: inout Report
  ) {
    // A shard that cannot be opened is in the list already.
    guard let directory = try? ShardSet.directory(of: shard, in: folder, configuration) else { return }
    let set = ShardSet(
      folder: folder, configuration: configuration, shard: shard, directory: directory, firstNumber: firstNumber)
    let found = (0..<set.count).flatMap { number in problem { _ = try set.load(at: number, using: decoder) } }
    report.problems += found
    guard found.isEmpty else { return }  // the hash of the file would only repeat it
    report.problems += problem {
      guard try hash(of: FileReader("\(folder)/\(shard.name)")) == shard.fileHash else {
        throw Fault(.badData, "The file does not have the hash of the index", at: "\(folder)/\(shard.name)")
      }
    }
  }

  private static func hash(of file: FileReader) throws -> UInt64 {
    let hasher = XXH3.Hasher()
    var buffer = [UInt8](repeating: 0, count: min(1 << 20, file.byteCount))
    var offset = 0
    while offset < file.byteCount {
      let count = min(buffer.count, file.byteCount - offset)
      try buffer.withUnsafeMutableBytes { raw in
        let piece = UnsafeMutableRawBufferPointer(rebasing: raw[..<count])
        try file.read(at: offset, into: piece)
        hasher.update(UnsafeRawBufferPointer(piece))
      }
      offset += count
    }
    return hasher.digest
  }

  /// What `body` throws, if it does.
  private static func problem(_ body: () throws -> Void) -> [Fault] {
    do { try body() } catch let fault as Fault { return [fault] } catch {
      return [Fault(.internalError, String(describing: error))]
    }
    return []
  }
}
