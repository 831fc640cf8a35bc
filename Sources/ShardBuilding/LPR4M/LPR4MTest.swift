import DurableFiles
import Faults
import Foundation

/// The test clips and galleries of LPR4M, from a folder with its four annotation files.
///
/// Clips come in the order of `test_videoid_asr_20079.txt`, each with its first right image; then, live by live, the
/// gallery images that no clip of that live has brought along.
public enum LPR4MTest {
  static let speechName = "test_videoid_asr_20079.txt"
  static let titleName = "test_image_title_6076.txt"
  static let answerName = "test_videoid_to_gtimage_20079.json"
  static let galleryName = "test_liveid_to_gallery_110.json"

  /// All samples; their pictures are looked up when they are built.
  ///
  /// Throws `Fault(.inputMissing)` where a file is not there, `Fault(.badData)` where it is not of its form.
  public static func samples(in folder: String, frames: PictureFolder, images: PictureFolder) throws
    -> any SampleSequence
  {
    let speech = try table(folder + "/" + speechName)
    let titles = Dictionary(try table(folder + "/" + titleName), uniquingKeysWith: { first, _ in first })
    let answers = try lists(folder + "/" + answerName)
    let galleries = try lists(folder + "/" + galleryName)
    var pending: [PendingSample] = []
    var brought: [String: Set<String>] = [:]
    for (line, (videoID, asr)) in speech.enumerated() {
      let place = "\(folder)/\(speechName), line \(line + 1)"
      guard let liveID = LPR4M.liveID(of: videoID) else {
        throw Fault(.badData, "Not {live_id}-{start_ms}-{end_ms}", at: place)
      }
      guard let right = answers[videoID], let first = right.first else {
        throw Fault(.badData, "Clip \(videoID) has no right image in \(answerName)", at: place)
      }
      brought[liveID, default: []].insert(first)
      var source = SampleSource()
      source.clipID = videoID
      source.imageID = first
      source.liveID = liveID
      source.productID = first
      source.title = titles[first] ?? ""
      source.asr = asr
      source.rightImageIDs = right
      pending.append(Self.pending(source, frames, images))
    }
    for (liveID, gallery) in galleries.sorted(by: { $0.key < $1.key }) {
      var seen = brought[liveID] ?? []
      for imageID in gallery where seen.insert(imageID).inserted {
        var source = SampleSource()
        source.imageID = imageID
        source.liveID = liveID
        source.productID = imageID
        source.title = titles[imageID] ?? ""
        pending.append(Self.pending(source, frames, images))
      }
    }
    return PendingList(pending)
  }

  private static func pending(_ source: SampleSource, _ frames: PictureFolder, _ images: PictureFolder) -> PendingSample
  {
    PendingSample {
      var source = source
      do {
        source.image = try images.file(id: source.imageID)
        if !source.clipID.isEmpty { source.frames = .pictures(try frames.files(group: source.clipID)) }
      } catch let fault as Fault {
        throw BadSample(name: source.name, id: source.clipID.isEmpty ? source.imageID : source.clipID, fault: fault)
      }
      return source
    }
  }

  /// The rows `key TAB text`; a row without a tab has no text.
  private static func table(_ path: String) throws -> [(String, String)] {
    let reader = try LineReader(path: path)
    var rows: [(String, String)] = []
    while let line = try reader.next() {
      if line.isEmpty { continue }
      guard let text = String(validating: line, as: UTF8.self) else {
        throw Fault(.badData, "Not UTF-8", at: "\(path), line \(reader.lineNumber)")
      }
      let cells = text.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      guard !cells[0].isEmpty else { throw Fault(.badData, "No id", at: "\(path), line \(reader.lineNumber)") }
      rows.append((String(cells[0]), cells.count > 1 ? String(cells[1]) : ""))
    }
    return rows
  }

  /// A JSON object of lists of strings (or one string for a list of one).
  private static func lists(_ path: String) throws -> [String: [String]] {
    let reader = try LineReader(path: path, lineLimit: 1 << 30)
    var bytes: [UInt8] = []
    while let line = try reader.next() { bytes += line + [0x0A] }
    guard let object = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] else {
      throw Fault(.badData, "Not a JSON object", at: path)
    }
    return try object.reduce(into: [:]) { lists, item in
      if let text = item.value as? String {
        lists[item.key] = [text]
      } else if let texts = item.value as? [String] {
        lists[item.key] = texts
      } else {
        throw Fault(.badData, "Not a list of image ids", at: "\(path), \"\(item.key)\"")
      }
    }
  }
}

/// Pending samples that are all known beforehand.
final class PendingList: SampleSequence {
  private let samples: [PendingSample]
  private var position = 0

  init(_ samples: [PendingSample]) { self.samples = samples }

  var progress: Double { samples.isEmpty ? 1 : Double(position) / Double(samples.count) }

  func next() -> PendingSample? {
    guard position < samples.count else { return nil }
    position += 1
    return samples[position - 1]
  }
}
