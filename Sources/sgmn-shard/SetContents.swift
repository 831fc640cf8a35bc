import Foundation
import ShardFormat

/// What `info` counts in a set, from the summaries alone.
struct SetContents: Encodable {
  var folder: String
  var resolution: Int
  var maximumFrameCount: Int
  var textEncoder: String?
  var textWidth: Int
  var shards = 0
  var bytes = 0
  /// Bytes of the same pixels as they stand in memory.
  var rawPixelBytes = 0
  /// How many times smaller the shards are.
  var ratio = 0.0
  var samples = 0
  var clips = 0
  var galleryPictures = 0
  var frames = 0
  var images = 0
  var products = 0
  var lives: [String: Int] = [:]
  var categories: [String: Int] = [:]
  var tags: [String: [String: Int]] = [:]

  init(folder: String) throws {
    let set = try ShardSet(folder: folder)
    self.folder = folder
    resolution = set.configuration.resolution
    maximumFrameCount = set.configuration.maximumFrameCount
    textEncoder = set.configuration.textEncoder
    textWidth = set.configuration.textWidth
    samples = set.count
    var (imageKeys, productKeys) = (Set<UInt64>(), Set<UInt64>())
    for number in 0..<set.count {
      let summary = try set.summary(at: number)
      if summary.frameCount > 0 { clips += 1 } else { galleryPictures += 1 }
      frames += summary.frameCount
      imageKeys.insert(set.imageKey(at: number))
      productKeys.insert(set.productKey(at: number))
      if !summary.liveID.isEmpty { lives[summary.liveID, default: 0] += 1 }
      if !summary.categoryID.isEmpty { categories[summary.categoryID, default: 0] += 1 }
      for (name, value) in summary.tags { tags[name, default: [:]][value, default: 0] += 1 }
    }
    images = imageKeys.count
    products = productKeys.count
    rawPixelBytes = (frames + samples) * set.configuration.rgbByteCount
    shards = set.index.shards.count
    bytes = set.index.shards.reduce(0) { $0 + Int($1.byteCount) }
    ratio = bytes > 0 ? (Double(rawPixelBytes) / Double(bytes) * 100).rounded() / 100 : 0
  }

  var text: String {
    let encoder = textEncoder.map { "\($0), \(textWidth) numbers" } ?? "none"
    var lines = [
      folder,
      "  samples     \(samples): \(clips) clips with \(frames) frames, \(galleryPictures) gallery pictures",
      "  products    \(products), images \(images), lives \(lives.count)",
      "  pictures    \(resolution)×\(resolution), at most \(maximumFrameCount) frames a clip",
      "  texts       \(encoder)",
      "  shards      \(shards), \(ByteText.text(bytes)); raw pixels \(ByteText.text(rawPixelBytes)), ratio \(ratio)",
    ]
    let counts =
      [("lives", lives), ("categories", categories)] + tags.sorted { $0.key < $1.key }.map { ("tag \($0)", $1) }
    for (name, counts) in counts where !counts.isEmpty {
      lines.append("  \(name)")
      let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      for (value, count) in sorted.prefix(12) { lines.append("  \(Table.right(String(count), 10))  \(value)") }
      if sorted.count > 12 {
        lines.append("  \(Table.right("…", 10))  and \(sorted.count - 12) more (all with --json)")
      }
    }
    return lines.joined(separator: "\n")
  }
}
