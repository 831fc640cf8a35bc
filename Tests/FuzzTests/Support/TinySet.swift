import Faults
import Foundation

@testable import ShardFormat

/// A set of two samples and a picture alone, as small as one can be, for seeds.
enum TinySet {
  static func configuration(_ encoding: PixelEncoding, tokens: Bool = false) -> ShardConfiguration {
    ShardConfiguration(
      resolution: 4, maximumFrameCount: 4, pixelEncoding: encoding, samplesPerShard: 8, textEncoder: "hash-test",
      textWidth: 2, tokens: tokens ? TokenShape(width: 2, maximumCount: 3) : nil)
  }

  static func sample(_ number: Int, tokens: Bool = false) -> Sample {
    let frameCount = number == 2 ? 0 : number + 1
    func pixels(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * 5 + number) } }
    return Sample(
      clipID: number == 2 ? "" : "clip-\(number)", imageID: "image-\(number / 2)", liveID: "live",
      productID: "product", categoryID: "shoes", title: "Schuh 鞋", asr: "spoken",
      tags: ["scale": "small", "é": "1"], rightImageIDs: number == 0 ? ["image-0", "image-x"] : [],
      frameIndices: (0..<frameCount).map { Int32($0 * 3) }, frames: pixels(frameCount * 48), image: pixels(48),
      titleEmbedding: [0.5, -2], asrEmbedding: number == 0 ? [1, 0] : [],
      tokens: tokens
        ? SampleTokens(
          title: TokenFeatures([1, 2, 3, 4], count: 2), asr: number == 0 ? TokenFeatures([5, 6], count: 1) : nil)
        : SampleTokens())
  }

  /// The bytes of index and shard. `leftOut` notes an entry of the source that the shard goes without.
  static func bytes(
    _ encoding: PixelEncoding, leftOut: Bool, tokens: Bool = false
  ) throws -> (index: [UInt8], shard: [UInt8]) {
    let folder = NSTemporaryDirectory() + "tiny-set-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let configuration = configuration(encoding, tokens: tokens)
    let encoder = try ShardEncoder(configuration: configuration)
    let writer = try ShardFileWriter(folder: folder, number: 0, configuration: configuration, sourceHash: 7)
    for number in 0..<3 { try writer.append(encoder.encode(sample(number, tokens: tokens)), place: number) }
    if leftOut { writer.leaveOut(LeftOutSample(place: 4, id: "clip-4", cause: "cut", message: "It ends early")) }
    try writer.finish()
    try ShardSetIndex.assemble(folder: folder, configuration: configuration, shardCount: 1)
    func contents(_ name: String) throws -> [UInt8] {
      [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }
    return (try contents(ShardLimits.indexName), try contents(ShardLimits.shardName(0)))
  }
}
