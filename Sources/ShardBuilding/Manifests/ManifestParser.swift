import Faults
import Foundation
import Glibc

/// One line of a manifest to a sample: every field checked, every path kept within the manifest's folder.
struct ManifestParser: Sendable {
  let path: String
  let folder: String
  let allowOutside: Bool

  static let fields = [
    "asr", "category_id", "clip", "clip_id", "frames", "image", "image_id", "live_id", "product_id", "right_images",
    "tags", "title",
  ]

  init(path: String, allowOutside: Bool) {
    self.path = path
    self.allowOutside = allowOutside
    folder = path.contains("/") ? String(path[..<path.lastIndex(of: "/")!]) : "."
  }

  /// Throws `Fault(.badData)` that names the manifest, the line and the field.
  func parse(_ line: [UInt8], number: Int) throws -> SampleSource {
    let parsed: Any
    do {
      parsed = try JSONSerialization.jsonObject(with: Data(line))
    } catch {
      throw fault("Not JSON", number, remedy: "Each line is one JSON object, in UTF-8")
    }
    guard let object = parsed as? [String: Any] else { throw fault("Not a JSON object", number) }
    if let unknown = object.keys.sorted().first(where: { !ManifestParser.fields.contains($0) }) {
      throw fault(
        "Unknown field \"\(unknown)\"", number,
        remedy: "The fields are \(ManifestParser.fields.joined(separator: ", "))")
    }
    func text(_ field: String) throws -> String? {
      guard let value = object[field], !(value is NSNull) else { return nil }
      guard let text = value as? String else { throw fault("Not a string", number, field: field) }
      return text
    }
    func required(_ field: String) throws -> String {
      guard let text = try text(field), !text.isEmpty else { throw fault("Missing", number, field: field) }
      return text
    }
    func texts(_ field: String) throws -> [String]? {
      guard let value = object[field], !(value is NSNull) else { return nil }
      guard let list = value as? [Any], let texts = list as? [String] else {
        throw fault("Not a list of strings", number, field: field)
      }
      return texts
    }
    var sample = SampleSource()
    sample.image = try resolve(try required("image"), number, "image")
    sample.imageID = try required("image_id")
    let (clip, pictures) = (try text("clip"), try texts("frames"))
    switch (clip, pictures) {
    case (.some, .some): throw fault("Both \"clip\" and \"frames\"", number, field: "frames")
    case (let clip?, nil): sample.frames = .video(try resolve(clip, number, "clip"))
    case (nil, let pictures?):
      guard !pictures.isEmpty else { throw fault("An empty list", number, field: "frames") }
      sample.frames = .pictures(try pictures.map { try resolve($0, number, "frames") })
    case (nil, nil):
      guard object["clip_id"] == nil else {
        throw fault("A clip_id, but neither \"clip\" nor \"frames\"", number, field: "clip")
      }
    }
    if sample.frames != .none {
      sample.clipID = try required("clip_id")
      sample.rightImageIDs = try texts("right_images") ?? []
    } else if object["right_images"] != nil {
      throw fault("Right images of a line without a clip", number, field: "right_images")
    }
    sample.liveID = try text("live_id") ?? ""
    sample.productID = try text("product_id") ?? sample.imageID
    sample.categoryID = try text("category_id") ?? ""
    sample.title = try text("title") ?? ""
    sample.asr = try text("asr") ?? ""
    if let tags = object["tags"], !(tags is NSNull) {
      guard let tags = tags as? [String: Any], let strings = tags as? [String: String] else {
        throw fault("Not an object of strings", number, field: "tags")
      }
      sample.tags = strings
    }
    return sample
  }

  private func fault(_ what: String, _ number: Int, field: String? = nil, remedy: String? = nil) -> Fault {
    let place = "\(path), line \(number)" + (field.map { ", field \"\($0)\"" } ?? "")
    return Fault(.badData, what, at: place, remedy: remedy)
  }

  /// The file a path of the manifest means. Refuses one that leads out of the manifest's folder, also through a link.
  private func resolve(_ name: String, _ number: Int, _ field: String) throws -> String {
    guard !name.isEmpty, !name.utf8.contains(0) else { throw fault("Not a path", number, field: field) }
    let full = name.hasPrefix("/") ? name : folder + "/" + name
    if allowOutside { return full }
    var depth = 0
    for part in name.split(separator: "/") where part != "." {
      depth += part == ".." ? -1 : 1
      if depth < 0 { break }
    }
    let outside = fault(
      "\(name) leaves the manifest's folder", number, field: field, remedy: "Move the file, or give --allow-outside")
    guard depth >= 0, !name.hasPrefix("/") else { throw outside }
    // A file that is missing is found out, with its name, when it is opened.
    if let real = realPath(full), let root = realPath(folder) {
      guard root == "/" || real.hasPrefix(root + "/") else { throw outside }
    }
    return full
  }

  private func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
