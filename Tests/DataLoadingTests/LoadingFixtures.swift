import Foundation
import Randomness
import ShardFormat

/// A small set of shards in a folder of its own, gone with the value.
final class LoadingFixture: Sendable {
  let path: String

  /// Clips of 1 … 12 frames of 2 × 2 pixels; every fifth sample is a picture alone.
  init(count: Int) throws {
    path = NSTemporaryDirectory() + "loading-" + UUID().uuidString
    let configuration = ShardConfiguration(
      resolution: 2, maximumFrameCount: 12, pixelEncoding: .rgb, samplesPerShard: 7, textEncoder: "test", textWidth: 2)
    let writer = try ShardWriter(folder: path, configuration: configuration)
    for number in 0..<count { try writer.append(LoadingFixture.sample(number)) }
    try writer.finish()
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Every byte of frame t is 16 · number + t, so that a test sees which frame of which sample it has.
  static func sample(_ number: Int) -> Sample {
    let frameCount = number % 5 == 4 ? 0 : 1 + number % 12
    return Sample(
      clipID: "clip-\(number)", imageID: "image-\(number)", liveID: "live-\(number / 4)",
      productID: "product-\(number / 2)", title: "title \(number)", asr: "asr \(number)",
      frameIndices: (0..<frameCount).map(Int32.init),
      frames: (0..<frameCount).flatMap { [UInt8](repeating: value(number, $0), count: 12) },
      image: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 12),
      titleEmbedding: [Float(number), 1], asrEmbedding: number % 2 == 0 ? [] : [2, Float(number)])
  }

  static func value(_ number: Int, _ frame: Int) -> UInt8 { UInt8(truncatingIfNeeded: 16 * number + frame) }

  /// Damages the pixels of a sample on disk.
  func damage(_ number: Int) throws {
    let location = try ShardSet(folder: path).location(of: number)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: location.path))
    bytes[location.offset + location.byteCount - 1] ^= 0x55
    try bytes.write(to: URL(fileURLWithPath: location.path))
  }
}
