import DurableFiles

/// One line of a sample index: where a sample is, and what is asked of it without reading it.
struct SampleEntry: Equatable, Sendable {
  var offset: Int
  var recordByteCount: Int
  var frameCount: Int
  /// The number of its product picture in the shard.
  var picture: Int
  /// The number of its entry within the part of the source that the shard was made of.
  var place: Int
  var productKey: UInt64
  var clipKey: UInt64

  func write(to writer: inout ByteWriter) {
    writer.count(offset)
    writer.count32(recordByteCount)
    writer.integer(UInt16(frameCount))
    writer.integer(UInt16(0))
    writer.count32(picture)
    writer.count32(place)
    writer.integer(productKey)
    writer.integer(clipKey)
  }
}

/// One line of a picture index.
struct PictureEntry: Equatable, Sendable {
  var offset: Int
  var recordByteCount: Int
  var imageKey: UInt64

  func write(to writer: inout ByteWriter) {
    writer.count(offset)
    writer.count32(recordByteCount)
    writer.integer(UInt32(0))
    writer.integer(imageKey)
  }
}
