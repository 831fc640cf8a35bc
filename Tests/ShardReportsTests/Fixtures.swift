import Foundation
import Randomness
import ShardFormat

/// A folder of its own for one test, gone with the value.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "shard-reports-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Sets with long tails: category k is about 1/k as frequent as the first, lives and products differ in size.
enum SetFixture {
  static let resolution = 8

  static func sample(_ number: Int, seed: UInt64 = 3) -> Sample {
    var stream = RandomStream(seed: seed, "fixture", number)
    let category = min(33, Int(34 * pow(stream.uniform(), 2.2)))
    let product = Int(40 * pow(stream.uniform(), 1.5))
    let isClip = number % 9 != 8
    let frameCount = isClip ? 1 + Int(6 * stream.uniform()) : 0
    let length = isClip ? frameCount < 4 ? frameCount : 4 + Int(200 * pow(stream.uniform(), 3)) : 0
    let stored = min(4, frameCount)
    let area = 3 * resolution * resolution
    func pixels(_ count: Int, _ base: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: $0 / 4 &+ base &+ Int(stream.next() & 3)) }
    }
    var image = RandomStream(seed: seed, "image", product)
    return Sample(
      clipID: isClip ? "clip-\(number)" : "", imageID: isClip ? "image-\(product)" : "gallery-\(number)",
      liveID: "live-\(product % 7)", productID: "product-\(product)",
      categoryID: category == 0 ? "<b>shoes & \"boots\"</b>" : "category \(category)",
      title: number % 5 == 0 ? "" : String(repeating: "红鞋 shoe ", count: 1 + product % 4),
      asr: String(repeating: "look at this ", count: Int(30 * stream.uniform())),
      tags: ["scale": ["small", "medium", "large"][number % 3], "serial": "\(number)"],
      rightImageIDs: isClip && number % 4 == 0 ? ["image-\(product)", "image-x"] : [],
      frameIndices: (0..<stored).map { Int32(stored < 2 ? 0 : $0 * (length - 1) / (stored - 1)) },
      frames: pixels(stored * area, number),
      image: isClip ? (0..<area).map { _ in UInt8(truncatingIfNeeded: image.next()) } : pixels(area, number))
  }

  /// Writes `count` samples, `samplesPerShard` a shard; returns them.
  @discardableResult
  static func build(
    _ folder: String, count: Int, pixelEncoding: PixelEncoding = .rgb, samplesPerShard: Int = 40
  ) throws -> [Sample] {
    let writer = try ShardWriter(
      folder: folder,
      configuration: ShardConfiguration(
        resolution: resolution, maximumFrameCount: 4, pixelEncoding: pixelEncoding, samplesPerShard: samplesPerShard))
    let samples = (0..<count).map { sample($0) }
    for sample in samples { try writer.append(sample) }
    try writer.finish()
    return samples
  }
}
