import Foundation

/// One line of a manifest as it is written; reading checks more (`ManifestParser`).
struct ManifestLine: Encodable {
  var image: String
  var imageID: String
  var clip: String?
  var clipID: String?
  var liveID: String?
  var productID: String?
  var categoryID: String?
  var title: String?
  var asr: String?
  var tags: [String: String] = [:]
  var rightImages: [String] = []

  init(image: String, imageID: String) {
    self.image = image
    self.imageID = imageID
  }

  enum CodingKeys: String, CodingKey {
    case image, clip, title, asr, tags
    case imageID = "image_id"
    case clipID = "clip_id"
    case liveID = "live_id"
    case productID = "product_id"
    case categoryID = "category_id"
    case rightImages = "right_images"
  }

  /// The line without its line feed, keys in alphabetical order.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
