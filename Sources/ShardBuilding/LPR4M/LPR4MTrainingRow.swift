import Faults

/// One line of a training annotation: a clip, in columns between tabs.
///
/// Two forms are read. The published one has the eleven `columns`. The one that the authors' code reads for the 750K
/// subset has the path of the image after the image's id and a product id after the category's name, so ten columns
/// (up to the ASR) or up to thirteen; it is known by that path, which holds the id and ends as pictures do.
struct LPR4MTrainingRow: Equatable {
  static let columns = [
    "video_id", "frame_id list", "box list", "image_id", "image_title", "category id", "category name", "video ASR",
    "product scale type", "visible duration type", "product number type",
  ]
  static let columnsWithPath = [
    "video_id", "frame path list", "box list", "image_id", "image path", "image_title", "category id", "category name",
    "product id", "video ASR", "product scale type", "visible duration type", "product number type",
  ]

  var videoID: String
  /// Ids, or paths in the form that has them.
  var frames: [String]
  var imageID: String
  var imagePath: String?
  var title: String
  var categoryID: String
  var asr: String
  var tags: [String: String] = [:]

  /// Throws `Fault(.badData)` that names the place and the column.
  init(_ line: [UInt8], at place: () -> String) throws {
    let cells = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
    let hasPath = (10...13).contains(cells.count) && LPR4MTrainingRow.isPath(cells[4], ofImage: cells[3])
    let columns = hasPath ? LPR4MTrainingRow.columnsWithPath : LPR4MTrainingRow.columns
    func fault(_ what: String, _ column: String? = nil) -> Fault {
      guard let column, let number = columns.firstIndex(of: column) else { return Fault(.badData, what, at: place()) }
      return Fault(.badData, what, at: "\(place()), column \(number + 1) (\(column))")
    }
    guard hasPath || cells.count == columns.count else {
      throw fault("\(cells.count) columns instead of \(columns.count)")
    }
    func text(_ column: String) throws -> String {
      guard let number = columns.firstIndex(of: column), number < cells.count else { return "" }
      guard let text = String(validating: cells[number], as: UTF8.self) else { throw fault("Not UTF-8", column) }
      guard !text.utf8.contains(0) else { throw fault("A NUL byte", column) }
      return text
    }
    func list(_ number: Int) throws -> PythonLiteral {
      do { return try PythonLiteral.parse(cells[number]) } catch {
        throw fault("\(error.what) at byte \(error.offset)", columns[number])
      }
    }
    videoID = try text("video_id")
    guard LPR4M.liveID(of: videoID) != nil else { throw fault("Not {live_id}-{start_ms}-{end_ms}", "video_id") }
    guard let frames = try list(1).texts, !frames.isEmpty else {
      throw fault("Not a list of frame \(hasPath ? "paths" : "ids")", columns[1])
    }
    self.frames = frames
    // The subset's third column is read by nobody, and its form is not published.
    if !hasPath {
      guard case .list(let boxes) = try list(2) else { throw fault("Not a list of boxes", "box list") }
      guard boxes.count == frames.count else {
        throw fault("\(boxes.count) boxes for \(frames.count) frames", "box list")
      }
    }
    imageID = try text("image_id")
    guard !imageID.isEmpty else { throw fault("Empty", "image_id") }
    imagePath = hasPath ? try text("image path") : nil
    title = try text("image_title")
    categoryID = try text("category id")
    asr = try text("video ASR")
    for (column, tag) in [
      ("category name", "category"), ("product scale type", "scale"), ("visible duration type", "duration"),
      ("product number type", "number"),
    ] {
      let value = try text(column)
      if !value.isEmpty { tags[tag] = value }
    }
  }

  private static func isPath(_ cell: ArraySlice<UInt8>, ofImage id: ArraySlice<UInt8>) -> Bool {
    let path = String(decoding: cell, as: UTF8.self)
    return !id.isEmpty && PictureStore.isPictureName(path) && path.contains(String(decoding: id, as: UTF8.self))
  }

  /// All that the row says, without where the pictures are.
  var source: SampleSource {
    var source = SampleSource()
    source.clipID = videoID
    source.imageID = imageID
    source.liveID = LPR4M.liveID(of: videoID) ?? ""
    source.productID = imageID
    source.categoryID = categoryID
    source.title = title
    source.asr = asr
    source.tags = tags
    source.rightImageIDs = [imageID]
    return source
  }
}
