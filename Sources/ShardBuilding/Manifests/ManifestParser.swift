import DurableFiles
import Faults
import MediaDecoding

/// One line of a manifest to a sample: every field checked, every path kept within the manifest's folder.
struct ManifestParser: Sendable {
  let folder: String
  let allowOutside: Bool

  static let fields = [
    "asr", "category_id", "clip", "clip_id", "frames", "image", "image_id", "live_id", "product_id", "right_images",
    "tags", "title",
  ]

  init(path: String, allowOutside: Bool) {
    self.allowOutside = allowOutside
    folder = DurableFile.split(path).folder
  }

  /// The sample of a line. Throws `Fault(.badData)` that names the place and the field.
  ///
  /// - Parameter followLinks: whether a path is refused that leaves the folder through a link, which asks the file
  ///   system.
  func parse(_ line: [UInt8], followLinks: Bool = true, at place: () -> String) throws -> SampleSource {
    let object = try ManifestParser.members(of: line, at: place)
    func fault(_ what: String, field: String? = nil, remedy: String? = nil) -> Fault {
      Fault(.badData, what, at: place() + (field.map { ", field \"\($0)\"" } ?? ""), remedy: remedy)
    }
    func text(_ field: String) throws -> String? {
      guard let value = object[field], value != .null else { return nil }
      guard let text = value.string else { throw fault("Not a string", field: field) }
      return text
    }
    func required(_ field: String) throws -> String {
      guard let text = try text(field), !text.isEmpty else { throw fault("Missing", field: field) }
      return text
    }
    func texts(_ field: String) throws -> [String]? {
      guard let value = object[field], value != .null else { return nil }
      guard let texts = value.strings else { throw fault("Not a list of strings", field: field) }
      return texts
    }
    func location(_ name: String, _ field: String) throws -> MediaLocation {
      switch resolve(name, followLinks: followLinks) {
      case .path(let path): return MediaLocation(path)
      case .notAPath: throw fault("Not a path", field: field)
      case .outside:
        throw fault(
          "\(name) leaves the manifest's folder", field: field, remedy: "Move the file, or give --allow-outside")
      }
    }
    var sample = SampleSource()
    let image = try required("image")
    sample.image = try location(image, "image")
    // The path as it is written: the same for all clips that name the same file.
    sample.imageID = object["image_id"] == nil ? image : try required("image_id")
    let (clip, pictures) = (try text("clip"), try texts("frames"))
    switch (clip, pictures) {
    case (.some, .some): throw fault("Both \"clip\" and \"frames\"", field: "frames")
    case (let clip?, nil): sample.frames = .video(try location(clip, "clip"))
    case (nil, let pictures?):
      guard !pictures.isEmpty else { throw fault("An empty list", field: "frames") }
      sample.frames = .pictures(try pictures.map { try location($0, "frames") })
    case (nil, nil):
      guard object["clip_id"] == nil else {
        throw fault("A clip_id, but neither \"clip\" nor \"frames\"", field: "clip")
      }
    }
    if sample.frames != .none {
      sample.clipID = try required("clip_id")
      sample.rightImageIDs = try texts("right_images") ?? []
    } else if object["right_images"] != nil {
      throw fault("Right images of a line without a clip", field: "right_images")
    }
    sample.liveID = try text("live_id") ?? ""
    sample.productID = try text("product_id") ?? sample.imageID
    sample.categoryID = try text("category_id") ?? ""
    sample.title = try text("title") ?? ""
    sample.asr = try text("asr") ?? ""
    if let tags = object["tags"], tags != .null {
      guard let members = tags.members else { throw fault("Not an object of strings", field: "tags") }
      for member in members {
        guard let value = member.value.string else { throw fault("Not an object of strings", field: "tags") }
        sample.tags[member.name] = value
      }
    }
    return sample
  }

  private static func members(of line: [UInt8], at place: () -> String) throws -> [String: JSONValue] {
    let value: JSONValue
    do throws(JSONParser.Failure) {
      value = try JSONParser.parse(line)
    } catch {
      throw Fault(
        .badData, "Not JSON: \(error.what) at byte \(error.offset)", at: place(),
        remedy: "Each line is one JSON object, in UTF-8")
    }
    guard let members = value.members else { throw Fault(.badData, "Not a JSON object", at: place()) }
    if let unknown = members.first(where: { !fields.contains($0.name) }) {
      throw Fault(
        .badData, "Unknown field \"\(unknown.name)\"", at: place(),
        remedy: "The fields are \(fields.joined(separator: ", "))")
    }
    return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
  }

  private enum Resolution {
    case path(String)
    case notAPath
    case outside
  }

  /// The file a path of the manifest means. One that leads out of the manifest's folder, also through a link, is none.
  private func resolve(_ name: String, followLinks: Bool) -> Resolution {
    guard !name.isEmpty, !name.utf8.contains(0) else { return .notAPath }
    let full = RelativePath.isAbsolute(name) ? name : folder + "/" + name
    if allowOutside { return .path(full) }
    guard RelativePath.staysWithin(name) else { return .outside }
    // A file that is missing is found out, with its name, when it is opened.
    if followLinks, let real = RelativePath.real(full), let root = RelativePath.real(folder) {
      guard RelativePath.lies(real, in: root) else { return .outside }
    }
    return .path(full)
  }
}

extension ManifestParser: LineForm {
  func key(of line: UnsafeRawBufferPointer, at place: () -> String) throws -> UInt64 {
    try parse(Array(line), followLinks: false, at: place).key
  }

  func sample(of line: [UInt8], at place: () -> String) throws -> SampleSource { try parse(line, at: place) }
}
