import DurableFiles
import Faults
import MediaDecoding

/// MovingFashion: `train.json` and `test.json` of its folder, with `videos/*.mp4` and `imgs/*.jpg`.
///
/// The files map a product to one picture and one or more videos:
/// `{"1234": {"img_path": "imgs/a.jpg", "video_paths": ["videos/b.mp4"], "source": 1}}`.
enum MovingFashion {
  /// The live of everything: there is one gallery.
  static let liveID = "movingfashion"

  /// One product, as the file has it.
  struct Product: Equatable {
    var imagePath: String
    var videoPaths: [String]
    /// 0 is `hard` (social networks), 1 is `regular` (the shop's own), as the paper calls them; a text stays as it is.
    var source: String?

    var imageID: String { RelativePath.stem(imagePath) }
  }

  /// The catalog of a part, `train` or `test`.
  ///
  /// Training: one entry for each pair of a product and a video. Test: one entry for each video, with the pictures of
  /// all products it shows as answers, then every picture alone as the gallery.
  static func catalog(folder: String, part: DataPart) throws -> SampleList {
    let path = folder + "/" + part.rawValue + ".json"
    let products = try products(FileReader.contents(of: path, limit: 1 << 28), path: path)
    try refuseSharedIDs(products, path: path)
    let entries = part == .train ? trainEntries(products, path) : testEntries(products, path)
    return SampleList(entries) { source in
      source.image.path = folder + "/" + source.image.path
      if case .video(let video) = source.frames { source.frames = .video(MediaLocation(folder + "/" + video.path)) }
    }
  }

  private static func trainEntries(_ products: [Product], _ path: String) -> [SampleList.Entry] {
    var pictures: [String: [String]] = [:]
    return products.flatMap { product in
      product.videoPaths.compactMap { video -> SampleList.Entry? in
        let id = RelativePath.stem(video)
        let others = pictures[id, default: []]
        // Two products of one picture that share a video are one pair.
        guard !others.contains(product.imageID) else { return nil }
        pictures[id] = others + [product.imageID]
        // A video of several products is a clip of each; the pair's id says so.
        let clipID = others.isEmpty ? id : "\(id)+\(product.imageID)"
        return entry(clipID: clipID, video: video, answers: [product.imageID], product: product, path)
      }
    }
  }

  private static func testEntries(_ products: [Product], _ path: String) -> [SampleList.Entry] {
    var answers: [String: [String]] = [:]
    for product in products {
      for video in product.videoPaths where answers[video]?.contains(product.imageID) != true {
        answers[video, default: []].append(product.imageID)
      }
    }
    var entries: [SampleList.Entry] = []
    var seen = Set<String>()
    for product in products {
      for video in product.videoPaths where seen.insert(video).inserted {
        entries.append(
          entry(clipID: RelativePath.stem(video), video: video, answers: answers[video] ?? [], product: product, path))
      }
    }
    var images = Set<String>()
    for product in products where images.insert(product.imageID).inserted {
      entries.append(entry(clipID: "", video: nil, answers: [], product: product, path))
    }
    return entries
  }

  private static func entry(clipID: String, video: String?, answers: [String], product: Product, _ path: String)
    -> SampleList.Entry
  {
    var source = SampleSource()
    source.clipID = clipID
    source.imageID = product.imageID
    source.productID = product.imageID
    source.liveID = liveID
    source.image = MediaLocation(product.imagePath)
    source.rightImageIDs = answers
    if let video {
      source.frames = .video(MediaLocation(video))
      if let name = product.source { source.tags = ["source": name] }
    }
    return SampleList.Entry(sample: source, place: "\(path), picture \(product.imagePath)")
  }

  /// The products of a file, in its order: an object by product id, or a list of such objects.
  ///
  /// The names are those of the published files. `video_path` for one video is read as well. Throws `Fault(.badData)`
  /// that names the product and the field.
  static func products(_ bytes: [UInt8], path: String) throws -> [Product] {
    let value: JSONValue
    do throws(JSONParser.Failure) {
      value = try JSONParser.parse(bytes)
    } catch {
      throw Fault(.badData, "Not JSON: \(error.what)", at: "\(path), byte \(error.offset)")
    }
    let products: [Product]
    switch value {
    case .object(let members):
      products = try members.map { try product($0.value, at: "\(path), \"\($0.name.prefix(200))\"") }
    case .list(let items):
      products = try items.enumerated().map { try product($1, at: "\(path), item \($0 + 1)") }
    default: throw Fault(.badData, "Neither an object nor a list of products", at: path)
    }
    guard !products.isEmpty else { throw Fault(.badData, "No products", at: path) }
    return products
  }

  private static func product(_ value: JSONValue, at place: String) throws -> Product {
    guard let members = value.members else { throw Fault(.badData, "Not an object", at: place) }
    func fault(_ what: String, _ field: String) -> Fault { Fault(.badData, what, at: "\(place), field \"\(field)\"") }
    if let other = members.first(where: { !["img_path", "video_paths", "video_path", "source"].contains($0.name) }) {
      throw Fault(
        .badData, "Unknown field \"\(other.name.prefix(80))\"", at: place,
        remedy: "The fields are img_path, video_paths (or video_path) and source")
    }
    guard let image = value["img_path"]?.string else { throw fault("Missing, or not a text", "img_path") }
    guard RelativePath.staysWithin(image) else { throw fault("\(image.prefix(200)) leaves the folder", "img_path") }
    guard value["video_paths"] == nil || value["video_path"] == nil else {
      throw fault("Both \"video_paths\" and \"video_path\"", "video_path")
    }
    guard let videos = value["video_paths"]?.strings ?? value["video_path"]?.string.map({ [$0] }), !videos.isEmpty
    else {
      throw fault("Missing, or not a list of texts", "video_paths")
    }
    guard Set(videos).count == videos.count else { throw fault("The same video twice", "video_paths") }
    for video in videos where !RelativePath.staysWithin(video) {
      throw fault("\(video.prefix(200)) leaves the folder", "video_paths")
    }
    let source: String?
    switch value["source"] {
    case nil, .null: source = nil
    case .string(let text): source = text
    case .number("0"): source = "hard"
    case .number("1"): source = "regular"
    default: throw fault("Neither 0, 1 nor a text", "source")
    }
    return Product(imagePath: image, videoPaths: videos, source: source)
  }

  /// Ids are names without folder and ending: two files must not come out as one.
  private static func refuseSharedIDs(_ products: [Product], path: String) throws {
    for files in [products.map(\.imagePath), products.flatMap(\.videoPaths)] {
      var known: [String: String] = [:]
      for file in files {
        let other = known.updateValue(file, forKey: RelativePath.stem(file))
        guard other ?? file == file else {
          throw Fault(
            .badData, "Two files of one name: \(other ?? "") and \(file)", at: path, remedy: "Rename one")
        }
      }
    }
  }
}
