import Faults
import Foundation
import Testing

@testable import DurableFiles

@Suite struct SpoolFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func contents(of spool: SpoolFile) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try spool.forEachPiece { bytes += $0 }
    return bytes
  }

  /// Pieces below, at and above the size of the buffer.
  @Test func whatIsAppendedComesBackInOrderAndLeavesNoFile() throws {
    let spool = try SpoolFile(beside: "\(folder.path)/shard")
    var expected: [UInt8] = []
    for (number, count) in [3, 0, 1 << 20, 700_000, 700_000, (1 << 20) + 1, 5].enumerated() {
      let piece = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
      expected += piece
      try spool.append(piece)
    }
    #expect(try contents(of: spool) == expected)
    #expect(try contents(of: spool) == expected)
    #expect(try DurableFile.names(in: folder.path).isEmpty)
  }

  @Test func anEmptyOneHasNoPieces() throws {
    #expect(try contents(of: SpoolFile(beside: "\(folder.path)/shard")).isEmpty)
  }

  @Test func aFolderThatIsNotThereIsNoOutput() throws {
    let fault = try #require(throws: Fault.self) { _ = try SpoolFile(beside: "\(folder.path)/none/shard") }
    #expect(fault.code == .outputUnavailable)
  }
}
