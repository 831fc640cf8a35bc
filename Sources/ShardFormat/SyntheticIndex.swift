import DurableFiles
import Faults

/// Indexes of sets that do not exist, in the real format, to see what opening a large set costs: it reads the index alone.
public enum SyntheticIndex {
  /// Writes `index.sgmn` of `sampleCount` samples to a folder: full shards, ten frames of 224×224 in records of
  /// 400 kB, and a product picture for every twelve samples.
  public static func write(folder: String, sampleCount: Int) throws {
    let configuration = ShardConfiguration(resolution: 224, maximumFrameCount: 10)
    let perShard = configuration.samplesPerShard
    let shardCount = (sampleCount + perShard - 1) / perShard
    guard sampleCount >= 0, shardCount <= ShardLimits.maximumShardCount else {
      throw Fault(
        .usage, "An index of \(sampleCount) samples",
        remedy: "A set has at most \(ShardLimits.maximumShardCount * perShard)")
    }
    let bytes = try ShardSetIndex.bytes(configuration: configuration, shardCount: shardCount) { number in
      shard(number, sampleCount: min(perShard, sampleCount - number * perShard))
    }
    try DurableFile.write(bytes, to: "\(folder)/\(ShardLimits.indexName)")
  }

  private static let samplesPerPicture = 12
  private static let recordByteCount = 400_000
  private static let pictureByteCount = 36_000

  private static func shard(_ number: Int, sampleCount: Int) -> (ShardSetIndex.Shard, EntryTable) {
    var (samples, pictures) = (ByteWriter(), ByteWriter())
    var offset = ShardLimits.headerByteCount
    for sample in 0..<sampleCount {
      let picture = sample / samplesPerPicture
      let name = UInt64(number) << 32 | UInt64(picture)
      if sample % samplesPerPicture == 0 {
        PictureEntry(offset: offset, recordByteCount: pictureByteCount, imageKey: key(name, seed: 1))
          .write(to: &pictures)
        offset += pictureByteCount
      }
      SampleEntry(
        offset: offset, recordByteCount: recordByteCount, frameCount: 10, picture: picture, place: sample,
        productKey: key(name, seed: 2), clipKey: key(UInt64(number) << 32 | UInt64(sample), seed: 3)
      ).write(to: &samples)
      offset += recordByteCount
    }
    let pictureCount = (sampleCount + samplesPerPicture - 1) / samplesPerPicture
    let line = ShardSetIndex.Shard(
      number: number, leftOutCount: 0, sampleCount: sampleCount, pictureCount: pictureCount,
      frameCount: 10 * sampleCount, byteCount: offset + ShardLimits.trailerByteCount,
      rootHash: key(UInt64(number), seed: 4))
    let table = EntryTable(
      samples.bytes + pictures.bytes, samples: 0, sampleCount, pictures: samples.count, pictureCount)
    return (line, table)
  }

  private static func key(_ value: UInt64, seed: UInt64) -> UInt64 {
    withUnsafeBytes(of: value.littleEndian) { XXH3.hash($0, seed: seed) }
  }
}
