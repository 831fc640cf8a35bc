import DurableFiles
import Faults
import Glibc
import MediaDecoding

/// The training clips of LPR4M: `training_videoinfo_full_part_{i}.txt`, one clip a line.
struct LPR4MTraining: LineForm {
  let frames: PictureStore
  let images: PictureStore
  /// What paths in rows are relative to: the folder of the 750K subset. Where it is nil, a path stands for the id at
  /// its end.
  var folder: String?

  /// The first column names the clip; the rest of the line is looked at when the clip is built.
  func key(of line: UnsafeRawBufferPointer, at place: () -> String) throws -> UInt64 {
    try Keys().key(of: line, at: place)
  }

  func sample(of line: [UInt8], at place: () -> String) throws -> SampleSource {
    let row = try LPR4MTrainingRow(line, at: place)
    var source = row.source
    do {
      guard let image = try location(row.imagePath ?? row.imageID, in: images, group: nil) else {
        throw Fault(.inputMissing, "No picture \(row.imageID)", at: images.name, remedy: LPR4MTraining.remedy)
      }
      source.image = image
      // Of half a billion downloads some fail for good; a clip does not need them all.
      let found = try row.frames.compactMap { try location($0, in: frames, group: row.videoID) }
      guard !found.isEmpty, found.count >= (row.frames.count + 1) / 2 else {
        throw Fault(
          .inputMissing, "\(row.frames.count - found.count) of \(row.frames.count) frames are not there",
          at: frames.name, remedy: LPR4MTraining.remedy)
      }
      source.frames = .pictures(found)
    } catch let fault as Fault {
      throw BadSample(name: source.name, id: source.id, fault: fault)
    }
    return source
  }

  private static let remedy = "Fetch them, or leave such samples out with --on-bad skip"

  /// The file of an id, or of a path below `folder`; nil where it is not there.
  private func location(_ text: String, in store: PictureStore, group: String?) throws -> MediaLocation? {
    guard text.utf8.contains(UInt8(ascii: "/")) || PictureStore.isPictureName(text) else {
      return try store.find(text, group: group)
    }
    guard RelativePath.staysWithin(text) else { throw Fault(.badData, "\"\(text.prefix(200))\" is not a path") }
    if let folder, access(folder + "/" + text, F_OK) == 0 { return MediaLocation(folder + "/" + text) }
    return try store.find(RelativePath.stem(text), group: group)
  }

  /// As much of the form as a scan needs: it has no pictures.
  struct Keys: LineForm {
    func key(of line: UnsafeRawBufferPointer, at place: () -> String) throws -> UInt64 {
      guard let tab = line.firstIndex(of: UInt8(ascii: "\t")), tab > 0 else {
        throw Fault(
          .badData, "No columns between tabs, the first a video_id", at: place(),
          remedy: "Give the annotation files, training_videoinfo_*.txt")
      }
      return XXH3.hash(Array("clip/".utf8) + line[..<tab])
    }

    func sample(of line: [UInt8], at place: () -> String) throws -> SampleSource {
      try LPR4MTrainingRow(line, at: place).source
    }
  }
}
