import Foundation
import Randomness
import ShardFormat

/// A folder of its own for one test, gone with the value.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "shards-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

enum SampleFixtures {
  static let configuration = ShardConfiguration(
    resolution: 8, maximumFrameCount: 5, pixelEncoding: .rgb, samplesPerShard: 9, textEncoder: "hash-test", textWidth: 4
  )

  /// Sample `number`: every field filled, 0 … 5 frames, every seventh one a picture alone.
  static func sample(_ number: Int, configuration: ShardConfiguration = configuration) -> Sample {
    var stream = RandomStream(seed: 5, "sample", number)
    let frameCount = number % 7 == 6 ? 0 : 1 + stream.integer(below: configuration.maximumFrameCount)
    let picture = 3 * configuration.resolution * configuration.resolution
    func pixels(_ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: $0 / 16 &+ number &+ Int(stream.next() & 3)) }
    }
    func embedding() -> [Float] {
      (0..<configuration.textWidth).map { _ in Float(Float16(stream.uniform(-2, 2))) }
    }
    return Sample(
      clipID: "clip-\(number)", imageID: "image-\(number / 2)", liveID: "live-\(number / 3)",
      productID: "product-\(number / 2)", categoryID: "shoes", title: "Schuh № \(number) 鞋", asr: "this is \(number)",
      tags: ["scale": "small", "duration": "\(number).5", "é": "1"],
      rightImageIDs: number % 3 == 0 ? ["image-\(number / 2)", "image-x"] : [],
      frameIndices: (0..<frameCount).map { Int32($0 * 3) }, frames: pixels(frameCount * picture),
      image: pixels(picture), titleEmbedding: embedding(), asrEmbedding: number % 2 == 0 ? embedding() : [])
  }

  @discardableResult
  static func build(
    _ folder: String, count: Int, configuration: ShardConfiguration = configuration
  ) throws -> ShardSetIndex {
    let writer = try ShardWriter(folder: folder, configuration: configuration)
    for number in 0..<count { try writer.append(sample(number, configuration: configuration)) }
    return try writer.finish()
  }
}
