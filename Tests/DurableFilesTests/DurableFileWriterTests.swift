import DurableFiles
import Faults
import Foundation
import Testing

@Suite struct DurableFileWriterTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func nothingIsVisibleBeforeCommit() throws {
    let path = folder.path + "/data"
    try DurableFile.write([1, 2, 3], to: path)
    let writer = try DurableFileWriter(path)
    try writer.append([4, 5])
    #expect(try FileReader.contents(of: path, limit: 10) == [1, 2, 3])
    try writer.commit()
    #expect(try FileReader.contents(of: path, limit: 10) == [4, 5])
    #expect(try folder.names() == ["data"])
  }

  @Test func smallAndLargePiecesKeepTheirOrder() throws {
    var expected: [UInt8] = []
    let writer = try DurableFileWriter(folder.path + "/data")
    for (index, count) in [0, 1, 7, 300_000, 5, 262_143, 2, 262_144, 262_145, 1].enumerated() {
      let piece = [UInt8](repeating: UInt8(index + 1), count: count)
      expected += piece
      try writer.append(piece)
    }
    #expect(writer.byteCount == expected.count)
    #expect(writer.hash == XXH3.hash(expected))
    try writer.commit()
    #expect(try FileReader.contents(of: writer.path, limit: .max) == expected)
    #expect(writer.hash == XXH3.hash(expected))
  }

  @Test func anUnfinishedWriterLeavesNothing() throws {
    do {
      let writer = try DurableFileWriter(folder.path + "/a")
      try writer.append([UInt8](repeating: 1, count: 1_000_000))
    }
    let other = try DurableFileWriter(folder.path + "/b")
    other.discard()
    #expect(try folder.names().isEmpty)
  }

  @Test func aFailedCommitRemovesTheTemporaryFile() throws {
    let path = folder.path + "/data"
    let writer = try DurableFileWriter(path)
    try writer.append([1])
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(throws: Fault.self) { try writer.commit() }
    #expect(try folder.names() == ["data"])
  }

  @Test func aFolderThatIsNotThereIsNamedAsTheOutput() throws {
    let fault = try #require(throws: Fault.self) { try DurableFile.write([1], to: "/dev/full/x") }
    #expect(fault.code == .outputUnavailable)  // a device is no folder
    let missing = try #require(throws: Fault.self) { try DurableFile.write([1], to: folder.path + "/no/x") }
    #expect(missing.code == .outputUnavailable)
    #expect(missing.place?.hasSuffix("/no/x") == true, "\(missing)")  // the name that was asked for
  }
}
