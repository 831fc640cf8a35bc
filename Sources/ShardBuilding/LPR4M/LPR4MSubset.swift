import DurableFiles
import Faults
import Glibc

/// The 750K subset of LPR4M as its authors give it, found from its one folder.
///
/// `annotations/`, `training_image/`, `training_video_00/` and on, `query/{video_id}/`, `gallery/{live_id}/`; pictures
/// may lie one folder deeper, in `frames` and `images`. In place of a folder its `.tar` may be there, not unpacked.
struct LPR4MSubset: Sendable, Equatable {
  let folder: String

  private var annotations: String { folder + "/annotations" }

  /// The training annotation: `annotations/training_videoinfo_*.txt`, or any `training*.txt` where there is none.
  func trainingPaths() throws -> [String] {
    let names = try DurableFile.names(in: annotations).filter { $0.hasPrefix("training") && $0.hasSuffix(".txt") }
    let described = names.filter { $0.hasPrefix("training_videoinfo_") && !$0.hasSuffix("_val.txt") }
    let chosen = described.isEmpty ? names : described
    guard !chosen.isEmpty else {
      throw Fault(
        .inputMissing, "No training annotation training_videoinfo_*.txt", at: annotations,
        remedy: "Unpack annotations.tar there")
    }
    return chosen.map { annotations + "/" + $0 }
  }

  /// Where training frames are.
  func trainingFrames() throws -> [String] {
    let places = try DurableFile.names(in: folder).filter { $0.hasPrefix("training_video_") }
    return try present(places, or: "training_video_00, training_video_01 …")
  }

  func trainingImages() throws -> [String] { try present(["training_image", "training_image.tar"]) }

  func testFrames() throws -> [String] { try present(["query", "query.tar"]) }

  func testImages() throws -> [String] { try present(["gallery", "gallery.tar"]) }

  /// Those of some places that are there: an unpacked folder goes before its archive.
  private func present(_ names: [String], or missing: String? = nil) throws -> [String] {
    let there = names.filter { access(folder + "/" + $0, F_OK) == 0 }
    let chosen = there.filter { name in
      !(name.hasSuffix(".tar") && there.contains(String(name.dropLast(4))))
        && (name.hasSuffix(".tar") || isFolder(name))
    }
    guard !chosen.isEmpty else {
      throw Fault(
        .inputMissing, "No \(missing ?? names.joined(separator: " or "))", at: folder,
        remedy: "Fetch the subset's archives into one folder")
    }
    return chosen.map { folder + "/" + $0 }
  }

  private func isFolder(_ name: String) -> Bool {
    var status = stat()
    return stat(folder + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The test annotations. Only the right images must be told: clips without speech, images without titles have none,
  /// and without a list of galleries they are the folders `gallery/{live_id}`.
  func testAnnotations() throws -> LPR4MTest.Annotations {
    let answersPath = try LPR4MTest.File.answers.requiredPath(in: annotations)
    let answers = try LPR4MTest.lists(answersPath)
    let clips =
      try LPR4MTest.File.speech.path(in: annotations).map { try LPR4MTest.table($0) }?.map {
        (videoID: $0.key, asr: $0.text, place: $0.place)
      } ?? answers.keys.sorted().map { (videoID: $0, asr: "", place: "\(answersPath), \"\($0)\"") }
    let titles = try LPR4MTest.File.titles.path(in: annotations).map { LPR4MTest.dictionary(try LPR4MTest.table($0)) }
    let galleriesPath = try LPR4MTest.File.galleries.path(in: annotations)
    return LPR4MTest.Annotations(
      clips: clips, titles: titles ?? [:], answers: answers, answersPath: answersPath,
      galleries: try galleriesPath.map { try LPR4MTest.lists($0).sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
        ?? galleryFolders(),
      galleriesPath: galleriesPath ?? folder + "/gallery")
  }

  /// Lives and the pictures in their folders; the UUID of a picture `UUID-SUFFIX.jpg` is its id.
  private func galleryFolders() throws -> [(liveID: String, imageIDs: [String])] {
    let gallery = folder + "/gallery"
    guard access(gallery, F_OK) == 0 else {
      throw Fault(
        .inputMissing, "Neither test_liveid_to_gallery*.json in annotations nor the folder gallery", at: folder,
        remedy: "Unpack gallery.tar there")
    }
    return try DurableFile.names(in: gallery).map { live in
      let inner = gallery + "/" + live + "/images"
      let names = try DurableFile.names(in: access(inner, F_OK) == 0 ? inner : gallery + "/" + live)
      let ids = names.compactMap { name -> String? in
        guard PictureStore.isPictureName(name) else { return nil }
        let stem = RelativePath.stem(name)
        let parts = stem.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 6 ? parts.dropLast().joined(separator: "-") : stem
      }
      return (live, ids)
    }
  }
}
