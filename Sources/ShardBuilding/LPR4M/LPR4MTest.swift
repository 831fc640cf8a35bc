import DurableFiles
import Faults
import MediaDecoding

/// The test clips and galleries of LPR4M, from a folder with its annotation files.
///
/// Clips come in the order of the speech file, each with its first right image; then, live by live, all gallery images
/// as pictures alone, so that a clip that cannot be read takes no answer with it.
enum LPR4MTest {
  /// A file of the folder: what its name begins and ends with. The full name has counts, `test_videoid_asr_20079.txt`.
  struct File: Sendable, Equatable {
    var prefix: String
    var ending: String

    static let speech = File(prefix: "test_videoid_asr", ending: ".txt")
    static let titles = File(prefix: "test_image_title", ending: ".txt")
    static let answers = File(prefix: "test_videoid_to_gtimage", ending: ".json")
    static let galleries = File(prefix: "test_liveid_to_gallery", ending: ".json")

    /// Its path; nil where no file has such a name. Throws `Fault(.badData)` where several have.
    func path(in folder: String) throws -> String? {
      let names = try DurableFile.names(in: folder).filter { $0.hasPrefix(prefix) && $0.hasSuffix(ending) }
      guard names.count < 2 else {
        throw Fault(
          .badData, "Several files \(prefix)*\(ending): \(names.joined(separator: ", "))", at: folder,
          remedy: "Leave the one that belongs to the others")
      }
      return names.first.map { folder + "/" + $0 }
    }

    func requiredPath(in folder: String) throws -> String {
      guard let path = try path(in: folder) else {
        throw Fault(.inputMissing, "No file \(prefix)*\(ending)", at: folder, remedy: "Fetch the test annotations")
      }
      return path
    }
  }

  /// What the four files say.
  struct Annotations {
    /// Clip and its speech, and the line it is from.
    var clips: [(videoID: String, asr: String, place: String)]
    var titles: [String: String]
    /// Right images of each clip.
    var answers: [String: [String]]
    var answersPath: String
    /// Live and its images, by ascending live.
    var galleries: [(liveID: String, imageIDs: [String])]
    var galleriesPath: String
  }

  /// Reads all four files of the full set.
  ///
  /// Throws `Fault(.inputMissing)` where a file is not there, `Fault(.badData)` where it is not of its form.
  static func annotations(in folder: String) throws -> Annotations {
    let answersPath = try File.answers.requiredPath(in: folder)
    let galleriesPath = try File.galleries.requiredPath(in: folder)
    return Annotations(
      clips: try table(File.speech.requiredPath(in: folder)).map { ($0.key, $0.text, $0.place) },
      titles: try dictionary(table(File.titles.requiredPath(in: folder))),
      answers: try lists(answersPath), answersPath: answersPath,
      galleries: try lists(galleriesPath).sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
      galleriesPath: galleriesPath)
  }

  /// The catalog of annotations; their pictures are looked up when they are built.
  static func catalog(_ annotations: Annotations, frames: PictureStore, images: PictureStore) throws -> SampleList {
    var entries: [SampleList.Entry] = []
    for clip in annotations.clips {
      guard let liveID = LPR4M.liveID(of: clip.videoID) else {
        throw Fault(.badData, "Not {live_id}-{start_ms}-{end_ms}", at: clip.place)
      }
      guard let right = annotations.answers[clip.videoID], let first = right.first else {
        throw Fault(
          .badData, "Clip \(clip.videoID) has no right image in \(annotations.answersPath)", at: clip.place,
          remedy: "Give the files of one set")
      }
      var source = SampleSource()
      source.clipID = clip.videoID
      source.imageID = first
      source.liveID = liveID
      source.productID = first
      source.title = annotations.titles[first] ?? ""
      source.asr = clip.asr
      source.rightImageIDs = right
      entries.append(SampleList.Entry(sample: source, place: clip.place))
    }
    for (liveID, gallery) in annotations.galleries {
      var seen = Set<String>()
      for imageID in gallery where seen.insert(imageID).inserted {
        var source = SampleSource()
        source.imageID = imageID
        source.liveID = liveID
        source.productID = imageID
        source.title = annotations.titles[imageID] ?? ""
        entries.append(
          SampleList.Entry(sample: source, place: "\(annotations.galleriesPath), \"\(liveID)\""))
      }
    }
    return SampleList(entries) { source in
      do {
        source.image = try images.picture(source.imageID, group: source.liveID)
        if !source.clipID.isEmpty { source.frames = .pictures(try clipFrames(source.clipID, in: frames)) }
      } catch let fault as Fault {
        throw BadSample(name: source.name, id: source.id, fault: fault)
      }
    }
  }

  /// The frames of a clip: all of its folder, or, where frames are known one by one, those whose ids it can have.
  private static func clipFrames(_ videoID: String, in store: PictureStore) throws -> [MediaLocation] {
    if let pictures = try store.pictures(group: videoID) { return pictures }
    let pictures = try LPR4M.possibleFrameIDs(of: videoID).compactMap { try store.find($0, group: nil) }
    guard !pictures.isEmpty else {
      throw Fault(
        .inputMissing, "No frame of the clip", at: "\(videoID)-0000 and on",
        remedy: "Fetch them, or leave such clips out with --on-bad skip")
    }
    return pictures
  }

  static func dictionary(_ rows: [(key: String, text: String, place: String)]) -> [String: String] {
    Dictionary(rows.map { ($0.key, $0.text) }, uniquingKeysWith: { first, _ in first })
  }

  /// The rows `key TAB text`; a row without a tab has no text.
  static func table(_ path: String) throws -> [(key: String, text: String, place: String)] {
    let reader = try LineReader(path: path)
    var rows: [(String, String, String)] = []
    while let line = try reader.next() {
      if line.isEmpty { continue }
      let place = "\(path), line \(reader.lineNumber)"
      guard let text = String(validating: line, as: UTF8.self), !line.contains(0) else {
        throw Fault(.badData, "Not UTF-8, or a NUL byte", at: place)
      }
      let cells = text.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      guard !cells[0].isEmpty else { throw Fault(.badData, "No id", at: place) }
      rows.append((String(cells[0]), cells.count > 1 ? String(cells[1]) : "", place))
    }
    return rows
  }

  /// A JSON object of lists of strings (or one string for a list of one).
  static func lists(_ path: String) throws -> [String: [String]] {
    let bytes = try FileReader.contents(of: path, limit: 1 << 30)
    let value: JSONValue
    do throws(JSONParser.Failure) {
      value = try JSONParser.parse(bytes)
    } catch {
      throw Fault(.badData, "Not JSON: \(error.what)", at: "\(path), byte \(error.offset)")
    }
    guard let members = value.members else { throw Fault(.badData, "Not a JSON object", at: path) }
    return try members.reduce(into: [:]) { lists, member in
      guard let texts = member.value.strings ?? member.value.string.map({ [$0] }) else {
        throw Fault(.badData, "Not a list of image ids", at: "\(path), \"\(member.name.prefix(200))\"")
      }
      lists[member.name] = texts
    }
  }
}
