import DurableFiles
import Faults
import Foundation
import Testing

@Suite struct DurableFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func foldersAreCreatedWithTheirParents() throws {
    let path = folder.path + "/a/b/c"
    try DurableFile.createFolder(path)
    try DurableFile.createFolder(path)
    try DurableFile.createFolder(path + "/d/")
    #expect(try DurableFile.names(in: path) == ["d"])
    try DurableFile.write([1], to: path + "/file")
    let fault = try #require(throws: Fault.self) { try DurableFile.createFolder(path + "/file") }
    #expect(fault.code == .outputUnavailable)
    #expect(throws: Fault.self) { try DurableFile.createFolder(path + "/file/below") }
  }

  @Test(arguments: [
    ("a/b/c", "a/b", "c"), ("c", ".", "c"), ("/c", "/", "c"), ("a/b/", "a", "b"), ("a//b", "a/", "b"), ("/", "/", ""),
    // A mark behind a slash makes one character of both.
    ("a/\u{322}b", "a", "\u{322}b"), ("a\u{600}/b", "a\u{600}", "b"),
  ])
  func aPathIsSplitAtItsLastSlash(path: String, folder: String, name: String) {
    #expect(DurableFile.split(path) == (folder, name))
  }

  @Test func aNameMayBeginWithAMark() throws {
    let path = folder.path + "/\u{322}folder/\u{322}file"
    try DurableFile.createFolder(DurableFile.split(path).folder)
    try DurableFile.write([1], to: path)
    #expect(FileManager.default.contents(atPath: path) == Data([1]))
  }

  @Test func leftoversOfKilledWritersAreRemoved() throws {
    for name in [".shard.tmp-17-1", "shard", ".hidden", "notes.tmp-old"] {
      try DurableFile.write([1], to: "\(folder.path)/\(name)")
    }
    #expect(try DurableFile.removeTemporaryFiles(in: folder.path) == [".shard.tmp-17-1"])
    #expect(try DurableFile.names(in: folder.path) == [".hidden", "notes.tmp-old", "shard"])
  }

  /// The draft of a folder, dead or alive, is no affair of who cleans up files.
  @Test func draftsOfFoldersStay() throws {
    try DurableFile.createFolder(folder.path + "/.onnx.tmp-17")
    try DurableFile.write([1], to: folder.path + "/.onnx.tmp-17/graph")
    try DurableFile.write([1], to: folder.path + "/.shard.tmp-17-1")
    #expect(try DurableFile.removeTemporaryFiles(in: folder.path) == [".shard.tmp-17-1"])
    #expect(try DurableFile.names(in: folder.path + "/.onnx.tmp-17") == ["graph"])
  }

  @Test func freeSpaceIsPositiveAndAMissingPathThrows() throws {
    #expect(try DurableFile.freeByteCount(at: folder.path) > 0)
    #expect(throws: Fault.self) { try DurableFile.freeByteCount(at: folder.path + "/none") }
  }
}
