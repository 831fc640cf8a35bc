import DurableFiles
import Faults
import Foundation
import Glibc

/// Pictures by their id, in the layouts that LPR4M is kept in.
///
/// In this order: `ROOT/GROUP/ID.jpg` where a group (the clip of a frame) is known, `ROOT/ID.jpg`, and what img2dataset
/// wrote as `files`: `ROOT/00000/000000000.jpg` beside a `.json` whose `url` ends in the id. Endings jpg, jpeg, png, webp.
public final class PictureFolder: Sendable {
  public let path: String
  /// img2dataset's pictures: hash of the id to folder and key, about 60 bytes an entry.
  private let downloaded: [UInt64: Download]
  private let downloadFolders: [String]

  private struct Download {
    var folder: UInt32
    var key: String
  }

  private static let endings = ["jpg", "jpeg", "png", "webp"]

  /// Looks at the folder once; reads the `.json` files of img2dataset's numbered folders where there are any.
  public init(path: String) throws {
    self.path = path
    var downloaded: [UInt64: Download] = [:]
    var folders: [String] = []
    for name in try DurableFile.names(in: path)
    where name.utf8.count >= 5 && name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      let folder = path + "/" + name
      guard let names = try? DurableFile.names(in: folder) else { continue }
      folders.append(folder)
      for file in names where file.hasSuffix(".json") {
        guard let id = PictureFolder.downloadedID(folder + "/" + file) else { continue }
        downloaded[XXH3.hash(id)] = Download(folder: UInt32(folders.count - 1), key: String(file.dropLast(5)))
      }
    }
    self.downloaded = downloaded
    downloadFolders = folders
  }

  /// The id in the url of a picture that was fetched; nil for a row that failed.
  private static func downloadedID(_ path: String) -> String? {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)), data.count < 1 << 20,
      let row = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any],
      row["status"] as? String == "success",
      let url = row["url"] as? String
    else { return nil }
    let withoutQuery = url.prefix { $0 != "?" && $0 != "#" }
    guard let last = withoutQuery.split(separator: "/").last else { return nil }
    let stem = last.lastIndex(of: ".").map { last[..<$0] } ?? last
    return stem.isEmpty ? nil : String(stem)
  }

  /// The file of a picture. Throws `Fault(.inputMissing)` where none of the layouts has it, `Fault(.badData)` for an id
  /// that is not a file's name.
  public func file(id: String, group: String? = nil) throws -> String {
    try PictureFolder.check(id)
    if let group {
      try PictureFolder.check(group)
      if let found = find(path + "/" + group + "/" + id) { return found }
    }
    if let found = find(path + "/" + id) { return found }
    if let download = downloaded[XXH3.hash(id)],
      let found = find(downloadFolders[Int(download.folder)] + "/" + download.key)
    {
      return found
    }
    throw Fault(
      .inputMissing, "No picture \(id)", at: path, remedy: "Fetch it, or leave such clips out with --on-bad skip")
  }

  /// All pictures of a group, in the order of their names.
  public func files(group: String) throws -> [String] {
    try PictureFolder.check(group)
    let folder = path + "/" + group
    return try DurableFile.names(in: folder).filter { name in
      PictureFolder.endings.contains { name.hasSuffix("." + $0) }
    }.map { folder + "/" + $0 }
  }

  private func find(_ stem: String) -> String? {
    PictureFolder.endings.lazy.map { stem + "." + $0 }.first { access($0, F_OK) == 0 }
  }

  private static func check(_ id: String) throws {
    guard !id.isEmpty, id != ".", id != "..", !id.utf8.contains(0x2F), !id.utf8.contains(0), id.utf8.count <= 255 else {
      throw Fault(.badData, "\"\(id.prefix(80))\" is not an id")
    }
  }
}
