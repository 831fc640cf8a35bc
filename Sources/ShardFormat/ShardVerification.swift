import DurableFiles
import Faults

/// Looks for damage in a set and lists all of it, where reading a set stops at the first.
public enum ShardVerification {
  public enum Depth: String, Sendable, CaseIterable {
    /// Index, sizes, headers, trailers, indexes of the shards.
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

  /// Verifies a folder, shard by shard. `Fault(.inputMissing)` if there is no set; every other trouble is in the report.
  ///
  /// - Parameter progress: called after every shard with the report so far.
  public static func verify(
    folder: String, depth: Depth = .full, progress: (Report) -> Void = { _ in }
  ) throws -> Report {
    var report = Report()
    let index: ShardSetIndex
    do { index = try ShardSetIndex(folder: folder) } catch let fault as Fault where fault.code == .badData {
      report.problems.append(fault)
      return report
    }
    let storage = LocalFolder(folder)
    for shard in index.shards {
      report.problems += problems(ofShard: shard.number, of: index, in: storage, depth: depth)
      report.shardCount += 1
      report.sampleCount += shard.sampleCount
      report.byteCount += shard.byteCount
      progress(report)
    }
    report.problems += try strangers(in: folder, index)
    return report
  }

  /// What is wrong with one shard of a set. Shards can be checked side by side, on any thread or rank.
  public static func problems(
    ofShard number: Int, of index: ShardSetIndex, in storage: any ShardStorage, depth: Depth
  ) -> [Fault] {
    let shard = index.shards[number]
    do {
      let file = try OpenShards.open(shard, storage)
      try OpenShards.check(file, shard, index.configuration)
      let directory = try ShardDirectory(file, configuration: index.configuration)
      let firstNumber = index.shards[..<number].reduce(0) { $0 + $1.sampleCount }
      try check(directory, againstLines: firstNumber..<firstNumber + shard.sampleCount, number, index, file)
      guard depth == .full else { return [] }
      return problems(of: directory, in: file, configuration: index.configuration, firstNumber: firstNumber)
    } catch let fault as Fault { return [fault] } catch {
      return [Fault(.internalError, String(describing: error))]
    }
  }

  /// Files that look like shards and are not in the index.
  public static func strangers(in folder: String, _ index: ShardSetIndex) throws -> [Fault] {
    strangers(among: try DurableFile.names(in: folder), index).map {
      Fault(.badData, "The file is not in the index of the set", at: "\(folder)/\($0)", remedy: "Remove it")
    }
  }

  /// Those of some names that look like shards and are not in the index.
  static func strangers(among names: [String], _ index: ShardSetIndex) -> [String] {
    let known = Set(index.shards.map(\.name))
    return names.filter { $0.hasPrefix("shard-") && $0.hasSuffix(".sgmn") && !known.contains($0) }
  }

  /// The index of a set keeps a copy of every shard's own: they must be the same.
  private static func check(
    _ directory: ShardDirectory, againstLines samples: Range<Int>, _ number: Int, _ index: ShardSetIndex,
    _ file: any ShardBytes
  ) throws {
    let firstPicture = index.shards[..<number].reduce(0) { $0 + $1.pictureCount }
    let own = directory.entries
    guard ShardSetIndex.Shard(number: number, directory: directory) == index.shards[number],
      own.sampleCount == samples.count, own.pictureCount == index.shards[number].pictureCount,
      own.lines(samples: 0..<own.sampleCount) == index.entries.lines(samples: samples),
      own.lines(pictures: 0..<own.pictureCount)
        == index.entries.lines(pictures: firstPicture..<firstPicture + own.pictureCount)
    else {
      throw Fault(.badData, "The shard's indexes are not those that the index of the set has of it", at: file.path)
    }
  }

  /// Every record and every byte of a shard whose structure is right.
  static func problems(
    of directory: ShardDirectory, in file: any ShardBytes, configuration: ShardConfiguration, firstNumber: Int
  ) -> [Fault] {
    let decoder = ShardDecoder()
    let shard = directory.header.number
    var problems: [Fault] = []
    var readTexts: Set<Int> = []  // each once: many samples may name one long text
    for number in 0..<directory.entries.sampleCount {
      let entry = directory.entries.sample(number)
      do {
        let (record, picture) = try decoder.records.both(
          entry, number: number, directory.entries.picture(entry.picture), shard: shard, in: file)
        var reader = ByteReader(Array(record.details), path: file.path, offset: entry.offset)
        let summary = try SampleSummary(&reader, configuration: configuration)
        guard summary.frameCount == entry.frameCount, summary.productKey == entry.productKey,
          summary.clipKey == entry.clipKey,
          XXH3.hash(summary.imageID) == directory.entries.picture(entry.picture).imageKey
        else { throw Fault(.badData, "Frame count, product, clip or image of the details are not those of the index") }
        try decoder.decode(pixels: record.pixels, frameCount: entry.frameCount, picture: picture, configuration)
        if let tokens = directory.tokens {
          let named = try tokens.texts(ofSample: number, summary)
          for (text, features) in named where readTexts.insert(text).inserted {
            _ = try decoder.records.features([features], tokens, in: file)
          }
        }
      } catch var fault as Fault {
        fault.place = "\(file.path): byte \(entry.offset), sample \(firstNumber + number)"
        problems.append(fault)
      } catch { problems.append(Fault(.internalError, String(describing: error))) }
    }
    guard problems.isEmpty else { return problems }  // the hash of the body would only repeat it
    do { try checkBody(directory, file) } catch let fault as Fault { return [fault] } catch {
      return [Fault(.internalError, String(describing: error))]
    }
    return []
  }

  /// Checks every byte of a file against the index of its set, without decompressing: what a download must pass.
  public static func checkContent(
    of file: any ShardBytes, _ shard: ShardSetIndex.Shard, configuration: ShardConfiguration
  ) throws {
    try OpenShards.check(file, shard, configuration)
    try checkBody(ShardDirectory(file, configuration: configuration), file)
  }

  private static func checkBody(_ directory: ShardDirectory, _ file: any ShardBytes) throws {
    guard try hash(of: file, 0..<directory.sections[0].offset) == directory.trailer.bodyHash else {
      throw Fault(.badData, "The header and records do not have the hash of the trailer", at: file.path)
    }
    for section in directory.sections {
      guard try hash(of: file, section.offset..<section.offset + section.byteCount) == section.hash else {
        throw Fault(.badData, "Section \(section.id) is damaged", at: "\(file.path): byte \(section.offset)")
      }
    }
  }
  /// The hash of a part of a file, read a megabyte at a time.
  private static func hash(of file: any ShardBytes, _ range: Range<Int>) throws -> UInt64 {
    let hasher = XXH3.Hasher()
    var buffer = RawBuffer()
    buffer.grow(to: min(1 << 20, range.count))
    var offset = range.lowerBound
    while offset < range.upperBound {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<min(1 << 20, range.upperBound - offset)])
      try file.read(at: offset, into: piece)
      hasher.update(UnsafeRawBufferPointer(piece))
      offset += piece.count
    }
    return hasher.digest
  }
}
