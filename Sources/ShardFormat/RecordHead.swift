import DurableFiles
import Faults

/// What precedes the details and pixels of a sample in its record. It says which sample this is, so that a record read
/// from the wrong place is never taken for the right one.
struct SampleHead: Equatable {
  /// Hash of the bytes from 8 to the end of the details.
  var hash: UInt64 = 0
  var pixelHash: UInt64
  var shard: Int
  var number: Int
  var detailsByteCount: Int
  var pixelByteCount: Int
  var frameCount: Int
  var picture: Int

  /// The head with its hash over itself and `details`.
  func sealed(with details: [UInt8]) -> [UInt8] {
    var rest = ByteWriter(capacity: ShardLimits.sampleHeadByteCount + details.count)
    rest.integer(pixelHash)
    for value in [shard, number, detailsByteCount, pixelByteCount, frameCount, picture] { rest.count32(value) }
    rest.append(details)
    var head = ByteWriter(capacity: ShardLimits.sampleHeadByteCount)
    head.integer(XXH3.hash(rest.bytes))
    head.append(rest.bytes[..<(ShardLimits.sampleHeadByteCount - 8)])
    return head.bytes
  }

  /// - Parameter bytes: at least a head's bytes.
  init(_ bytes: UnsafeRawBufferPointer) {
    func word(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    func half(_ offset: Int) -> Int {
      Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
    hash = word(0)
    pixelHash = word(8)
    shard = half(16)
    number = half(20)
    detailsByteCount = half(24)
    pixelByteCount = half(28)
    frameCount = half(32)
    picture = half(36)
  }

  init(
    pixelHash: UInt64, shard: Int, number: Int, detailsByteCount: Int, pixelByteCount: Int, frameCount: Int,
    picture: Int
  ) {
    self.pixelHash = pixelHash
    self.shard = shard
    self.number = number
    self.detailsByteCount = detailsByteCount
    self.pixelByteCount = pixelByteCount
    self.frameCount = frameCount
    self.picture = picture
  }

  /// Checks that this is the head of the sample that the index promises. Throws `Fault(.badData)` without a place.
  func check(_ entry: SampleEntry, shard: Int, number: Int) throws {
    guard self.shard == shard, self.number == number else {
      throw Fault(.badData, "The record is damaged, or of sample \(self.number) of shard \(self.shard)")
    }
    guard frameCount == entry.frameCount, picture == entry.picture,
      detailsByteCount <= ShardLimits.maximumDetailsByteCount,
      ShardLimits.sampleHeadByteCount + detailsByteCount + pixelByteCount == entry.recordByteCount
    else { throw Fault(.badData, "The record does not agree with the index: sizes, frames or picture") }
  }
}

/// What precedes the pixels of a product picture in its record.
struct PictureHead: Equatable {
  /// Hash of the bytes from 8 to the end of the record.
  var hash: UInt64 = 0
  var shard: Int
  var number: Int
  var pixelByteCount: Int

  func sealed(with pixels: [UInt8]) -> [UInt8] {
    var rest = ByteWriter(capacity: ShardLimits.pictureHeadByteCount + pixels.count)
    for value in [shard, number, pixelByteCount, 0] { rest.count32(value) }
    rest.append(pixels)
    var head = ByteWriter(capacity: ShardLimits.pictureHeadByteCount)
    head.integer(XXH3.hash(rest.bytes))
    head.append(rest.bytes[..<(ShardLimits.pictureHeadByteCount - 8)])
    return head.bytes
  }

  init(shard: Int, number: Int, pixelByteCount: Int) {
    self.shard = shard
    self.number = number
    self.pixelByteCount = pixelByteCount
  }

  /// Checks a whole record against the index. Throws `Fault(.badData)` without a place.
  init(checking record: UnsafeRawBufferPointer, _ entry: PictureEntry, shard: Int, number: Int) throws {
    func half(_ offset: Int) -> Int {
      Int(UInt32(littleEndian: record.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
    hash = UInt64(littleEndian: record.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    self.shard = half(8)
    self.number = half(12)
    pixelByteCount = half(16)
    guard XXH3.hash(UnsafeRawBufferPointer(rebasing: record[8...])) == hash else {
      throw Fault(.badData, "The product picture is damaged: its hash does not match")
    }
    guard self.shard == shard, self.number == number else {
      throw Fault(.badData, "The picture's record is of picture \(self.number) of shard \(self.shard)")
    }
    guard half(20) == 0, ShardLimits.pictureHeadByteCount + pixelByteCount == entry.recordByteCount else {
      throw Fault(.badData, "The picture's record does not agree with the index: sizes")
    }
  }
}
