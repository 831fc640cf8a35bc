import Faults

/// The training clips of LPR4M: `training_videoinfo_full_part_{i}.txt`, one clip a line, eleven columns between tabs.
public final class LPR4MTraining: SampleSequence {
  private let readers: [LineReader]
  private var current = 0
  private let frames: PictureFolder
  private let images: PictureFolder

  /// - Parameters:
  ///   - paths: the parts, read in this order.
  ///   - frames: pictures `{video_id}/{frame_id}` or `{frame_id}`.
  ///   - images: pictures `{image_id}`.
  public init(paths: [String], frames: PictureFolder, images: PictureFolder) throws {
    precondition(!paths.isEmpty, "no annotation file")
    readers = try paths.map { try LineReader(path: $0) }
    self.frames = frames
    self.images = images
  }

  public var progress: Double { readers.map(\.progress).reduce(0, +) / Double(readers.count) }

  public func next() throws -> PendingSample? {
    while current < readers.count {
      if let line = try readers[current].next() {
        if line.isEmpty { continue }
        let (path, number) = (readers[current].path, readers[current].lineNumber)
        let (frames, images) = (frames, images)
        return PendingSample {
          let row = try LPR4MTrainingRow(line, path: path, number: number)
          return try row.source(frames: frames, images: images)
        }
      }
      current += 1
    }
    return nil
  }
}

/// One line of a training annotation.
struct LPR4MTrainingRow: Equatable {
  static let columns = [
    "video_id", "frame_id list", "box list", "image_id", "image_title", "category id", "category name", "video ASR",
    "product scale type", "visible duration type", "product number type",
  ]

  var videoID: String
  var frameIDs: [String]
  var imageID: String
  var title: String
  var categoryID: String
  var asr: String
  var tags: [String: String]

  /// Throws `Fault(.badData)` that names file, line and column.
  init(_ line: [UInt8], path: String, number: Int) throws {
    func fault(_ what: String, _ column: Int? = nil) -> Fault {
      let place = column.map { ", column \($0 + 1) (\(LPR4MTrainingRow.columns[$0]))" } ?? ""
      return Fault(.badData, what, at: "\(path), line \(number)\(place)")
    }
    let cells = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
    guard cells.count == LPR4MTrainingRow.columns.count else {
      throw fault("\(cells.count) columns instead of \(LPR4MTrainingRow.columns.count)")
    }
    func text(_ column: Int) throws -> String {
      guard let text = String(validating: cells[column], as: UTF8.self) else { throw fault("Not UTF-8", column) }
      return text
    }
    func list(_ column: Int) throws -> PythonLiteral {
      do { return try PythonLiteral.parse(cells[column]) } catch {
        throw fault("\(error.what) at byte \(error.offset)", column)
      }
    }
    videoID = try text(0)
    guard LPR4M.liveID(of: videoID) != nil else { throw fault("Not {live_id}-{start_ms}-{end_ms}", 0) }
    guard let frames = try list(1).texts, !frames.isEmpty else { throw fault("Not a list of frame ids", 1) }
    guard case .list(let boxes) = try list(2) else { throw fault("Not a list of boxes", 2) }
    guard boxes.count == frames.count else { throw fault("\(boxes.count) boxes for \(frames.count) frames", 2) }
    frameIDs = frames
    imageID = try text(3)
    guard !imageID.isEmpty else { throw fault("Empty", 3) }
    title = try text(4)
    categoryID = try text(5)
    asr = try text(7)
    tags = [:]
    for (column, tag) in [(6, "category"), (8, "scale"), (9, "duration"), (10, "number")] {
      let value = try text(column)
      if !value.isEmpty { tags[tag] = value }
    }
  }

  func source(frames: PictureFolder, images: PictureFolder) throws -> SampleSource {
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
    let (videoID, frameIDs, imageID) = (videoID, frameIDs, imageID)
    do {
      source.image = try images.file(id: imageID)
      source.frames = .pictures(try frameIDs.map { try frames.file(id: $0, group: videoID) })
    } catch let fault as Fault {
      throw BadSample(name: source.name, id: videoID, fault: fault)
    }
    return source
  }
}

/// What holds in all files of LPR4M.
enum LPR4M {
  /// The live of a clip: `{live_id}-{start_ms}-{end_ms}` without its last two parts; nil for another form.
  static func liveID(of videoID: String) -> String? {
    let parts = videoID.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts.allSatisfy({ !$0.isEmpty }),
      parts.suffix(2).allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
    else { return nil }
    return parts.dropLast(2).joined(separator: "-")
  }
}
