import Faults
import Foundation
import Testing

@testable import Collectives

@Suite struct FirstErrorTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("first-error-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  @Test func theEarliestErrorComesFirst() throws {
    try withFolder { folder in
      let cause = Fault(.badData, "Checksum differs", at: "a.shard: byte 16", remedy: "Copy the file again")
      try FirstError.record(cause, folder: folder, rank: 2)
      usleep(2_000)
      try FirstError.record(Fault(.rankLost, "MPI_Allreduce failed"), folder: folder, rank: 0)
      let records = try FirstError.records(in: folder)
      #expect(records.map(\.rank) == [2, 0])
      #expect(records[0].code == 65 && records[0].place == "a.shard: byte 16")
      #expect(records[0].description.hasSuffix(": Checksum differs (a.shard: byte 16). Copy the file again."))
    }
  }

  @Test func aLaterErrorOfTheSameRankDoesNotHideTheFirst() throws {
    try withFolder { folder in
      try FirstError.record(Fault(.notFinite, "The loss is NaN"), folder: folder, rank: 1)
      try FirstError.record(Fault(.rankLost, "MPI_Barrier failed"), folder: folder, rank: 1)
      #expect(try FirstError.records(in: folder).map(\.what) == ["The loss is NaN"])
    }
  }

  @Test func aDamagedRecordIsPassedOverAndClearRemovesAll() throws {
    try withFolder { folder in
      try FirstError.record(Fault(.hang, "No progress"), folder: folder, rank: 0)
      try "{".write(toFile: folder + "/error.rank-1.json", atomically: false, encoding: .utf8)
      try "keep".write(toFile: folder + "/metrics.jsonl", atomically: false, encoding: .utf8)
      #expect(try FirstError.records(in: folder).count == 1)
      try FirstError.clear(folder: folder)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["metrics.jsonl"])
    }
  }
}
