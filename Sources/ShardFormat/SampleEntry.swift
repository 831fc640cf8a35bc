import DurableFiles
import Faults

/// One line of a shard's sample index, kept as small as on disk: a set of a million samples needs 64 MB of them.
struct SampleEntry: Equatable, Sendable {
  var offset: UInt64
  var detailsSize: UInt32
  var pixelSize: UInt32
  var contentSize: UInt32
  var frames: UInt32
  var encoding: PixelEncoding
  var detailsHash: UInt64
  var pixelHash: UInt64
  var productKey: UInt64
  var imageKey: UInt64

  /// "The image is in the pixels of this record."
  static let ownImage = UInt32.max

  var detailsOffset: Int { Int(offset) }
  var detailsByteCount: Int { Int(detailsSize) }
  var pixelOffset: Int { detailsOffset + detailsByteCount }
  var pixelByteCount: Int { Int(pixelSize) }
  var contentByteCount: Int { Int(contentSize) }
  var frameCount: Int { Int(frames) }
  var recordByteCount: Int { detailsByteCount + pixelByteCount }

  func write(to writer: inout ByteWriter) {
    writer.integer(offset)
    writer.integer(detailsSize)
    writer.integer(pixelSize)
    writer.integer(contentSize)
    writer.integer(frames)
    writer.integer(encoding.rawValue)
    writer.integer(UInt16(0))
    writer.integer(SampleEntry.ownImage)
    for word in [detailsHash, pixelHash, productKey, imageKey] { writer.integer(word) }
  }
}

extension SampleEntry {
  /// Reads an entry whose record must begin at `start` and end at or before `end`.
  init(_ reader: inout ByteReader, start: Int, end: Int, configuration: ShardConfiguration) throws {
    let line = reader
    offset = try reader.integer(UInt64.self, "record offset")
    detailsSize = UInt32(try reader.count32("details size", limit: ShardLimits.maximumDetailsByteCount))
    pixelSize = try reader.integer(UInt32.self, "pixel size")
    contentSize = try reader.integer(UInt32.self, "content size")
    frames = UInt32(try reader.count32("frame count", limit: configuration.maximumFrameCount))
    let id = try reader.integer(UInt16.self, "pixel encoding")
    guard let encoding = PixelEncoding(rawValue: id) else {
      throw line.fault("Pixel encoding \(id) is unknown to this version of the program")
    }
    self.encoding = encoding
    guard try reader.integer(UInt16.self, "reserved") == 0 else { throw line.fault("A reserved field is not zero") }
    guard try reader.integer(UInt32.self, "image place") == SampleEntry.ownImage else {
      throw line.fault("The place of the image is unknown to this version of the program")
    }
    detailsHash = try reader.integer(UInt64.self, "details hash")
    pixelHash = try reader.integer(UInt64.self, "pixel hash")
    productKey = try reader.integer(UInt64.self, "product key")
    imageKey = try reader.integer(UInt64.self, "image key")

    guard offset == UInt64(start) else {
      throw line.fault("A record begins at byte \(offset), expected \(start): records overlap or leave a gap")
    }
    // Both sizes are below 2³² and start is a place in the file, so the sums are exact.
    guard recordByteCount <= end - start else {
      throw line.fault("A record of \(recordByteCount) bytes ends after the records, which have \(end - start) left")
    }
    let expected = encoding.contentByteCount(frameCount: frameCount, resolution: configuration.resolution)
    guard contentByteCount == expected else {
      throw line.fault("\(frameCount) frames announce \(contentByteCount) bytes of pixels, expected \(expected)")
    }
  }
}
