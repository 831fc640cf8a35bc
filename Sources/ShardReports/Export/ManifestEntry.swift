import Foundation
import ShardFormat

/// One line of the manifest of an export, as shards/manifest.md describes it. Paths are relative to the manifest.
struct ManifestEntry: Encodable {
  var image: String
  var imageID: String
  var frames: [String]?
  var clipID: String?
  var liveID: String?
  var productID: String?
  var categoryID: String?
  var title: String?
  var asr: String?
  var tags: [String: String]?
  var rightImages: [String]?

  enum CodingKeys: String, CodingKey {
    case image, frames, title, asr, tags
    case imageID = "image_id"
    case clipID = "clip_id"
    case liveID = "live_id"
    case productID = "product_id"
    case categoryID = "category_id"
    case rightImages = "right_images"
  }

  init(_ summary: SampleSummary, image: String, frames: [String]) {
    func present(_ text: String) -> String? { text.isEmpty ? nil : text }
    self.image = image
    imageID = summary.imageID
    liveID = present(summary.liveID)
    productID = present(summary.productID)
    categoryID = present(summary.categoryID)
    title = present(summary.title)
    asr = present(summary.asr)
    tags = summary.tags.isEmpty ? nil : summary.tags
    // A manifest knows clip ids and right images of clips alone.
    guard !frames.isEmpty else { return }
    self.frames = frames
    clipID = present(summary.clipID)
    rightImages = summary.rightImageIDs.isEmpty ? nil : summary.rightImageIDs
  }

  /// The line with its line feed, keys in alphabetical order.
  func line() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)) + [0x0A]
  }
}
