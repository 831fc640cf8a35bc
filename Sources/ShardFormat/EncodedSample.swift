import DurableFiles

/// A sample as it will stand in a shard: details, compressed pixels and their line of the index but for the offset.
///
/// It depends on the sample and the configuration alone, so samples can be encoded on any number of threads and
/// appended in order: the shards come out byte for byte the same.
public struct EncodedSample: Sendable {
  let details: [UInt8]
  let pixels: [UInt8]
  let frameCount: Int
  let contentByteCount: Int
  let encoding: PixelEncoding
  let detailsHash: UInt64
  let pixelHash: UInt64
  let productKey: UInt64
  let imageKey: UInt64
  let configurationHash: UInt64

  /// Bytes in the shard, without the line of the index.
  public var byteCount: Int { details.count + pixels.count }

  func entry(offset: Int) -> SampleEntry {
    SampleEntry(
      offset: UInt64(offset), detailsSize: UInt32(details.count), pixelSize: UInt32(pixels.count),
      contentSize: UInt32(contentByteCount), frames: UInt32(frameCount), encoding: encoding, detailsHash: detailsHash,
      pixelHash: pixelHash, productKey: productKey, imageKey: imageKey)
  }
}
