import DurableFiles
import Faults
import Foundation
import Randomness
import Testing

@testable import ShardBuilding

/// Lines of any text; a line that holds "bad" is wrong.
private struct PlainLines: LineForm {
  func key(of line: UnsafeRawBufferPointer, at place: () -> String) throws -> UInt64 {
    guard !String(decoding: line, as: UTF8.self).contains("bad") else { throw Fault(.badData, "Bad", at: place()) }
    return XXH3.hash(line)
  }

  func sample(of line: [UInt8], at place: () -> String) throws -> SampleSource {
    var sample = SampleSource()
    sample.clipID = String(decoding: line, as: UTF8.self)
    return sample
  }
}

@Suite struct LineCatalogTests {
  private func catalog(_ paths: [String], rankCount: Int = 1) throws -> LineCatalog {
    let parts = try (0..<rankCount).map {
      try LineCatalog.scan(paths, form: PlainLines(), share: ($0, rankCount), threadCount: 2)
    }
    return try LineCatalog(paths, form: PlainLines(), table: .joined(parts))
  }

  private func lines(_ catalog: LineCatalog) throws -> [String] {
    try (0..<catalog.count).map { try catalog.sample(at: $0).clipID }
  }

  @Test func `the same lines for any number of ranks, threads and pieces`() throws {
    try withFolder { folder in
      var random = RandomStream(seed: 2, "lines")
      for round in 0..<60 {
        var expected: [String] = []
        let paths = try (0..<1 + random.integer(below: 3)).map { number in
          let ends = ["\n", "\r\n"][random.integer(below: 2)]
          let all = (0..<random.integer(below: 8)).map { _ -> String in
            let length = [0, 0, 1, 3, 40][random.integer(below: 5)]
            return String((0..<length).map { _ in "ab \t红".randomElement(random.integer(below: 5)) })
          }
          let path = folder + "/\(round)-\(number)"
          let text = all.joined(separator: ends) + (random.integer(below: 2) == 0 ? ends : "")
          try write((random.integer(below: 4) == 0 ? "\u{FEFF}" : "") + text, to: path)
          expected += all.filter { $0.contains { $0 != " " && $0 != "\t" } }
          return path
        }
        for rankCount in [1, 2, 3, 7] {
          let catalog = try catalog(paths, rankCount: rankCount)
          #expect(try lines(catalog) == expected)
          #expect((0..<catalog.count).map { catalog.key(at: $0) } == expected.map { XXH3.hash($0) })
        }
        let whole = try catalog(paths)
        let scan = try LineScan(
          files: LineFiles(paths), form: PlainLines(), pieceByteCount: 1 + random.integer(below: 9))
        let small = try scan.table(rank: 0, of: 1, threadCount: 3) { _ in }
        #expect(try lines(LineCatalog(paths, form: PlainLines(), table: small)) == expected)
        if whole.count > 1 {
          #expect(try whole.hash(of: 0..<1) != whole.hash(of: 0..<2))
          #expect(try whole.hash(of: 0..<whole.count) == catalog(paths, rankCount: 3).hash(of: 0..<whole.count))
        }
      }
    }
  }

  @Test func `a wrong line is named by file and line, the first of them on any number of threads`() throws {
    try withFolder { folder in
      try write("a\n\nb\n", to: folder + "/1")
      try write("c\n  \nbad 1\n" + String(repeating: "bad\n", count: 100), to: folder + "/2")
      for threads in [1, 4] {
        let scan = try LineScan(
          files: LineFiles([folder + "/1", folder + "/2"]), form: PlainLines(), pieceByteCount: 4)
        #expect { try scan.table(rank: 0, of: 1, threadCount: threads) { _ in } } throws: {
          ($0 as? Fault)?.place == folder + "/2, line 3"
        }
      }
      #expect(try catalog([folder + "/1"]).place(of: 1) == folder + "/1, line 3")
    }
  }

  @Test func `a line beyond the limit is a fault, in a scan and in a read`() throws {
    try withFolder { folder in
      try write("ab\n" + String(repeating: "x", count: 700_000) + "\ny\n", to: folder + "/f")
      for pieceByteCount in [10, 1 << 20] {
        let files = try LineFiles([folder + "/f"], lineByteLimit: 300_000)
        let scan = LineScan(files: files, form: PlainLines(), pieceByteCount: pieceByteCount)
        #expect { try scan.table(rank: 0, of: 1, threadCount: 2) { _ in } } throws: {
          ($0 as? Fault)?.what == "A line of more than 300000 bytes" && ($0 as? Fault)?.place == folder + "/f, line 2"
        }
        #expect(throws: Fault.self) { try files.line(at: 3, before: 700_006) }
      }
      #expect(try lines(catalog([folder + "/f"])).map(\.count) == [2, 700_000, 1])
    }
  }

  @Test func `a missing file, a folder, a file that shrinks`() throws {
    try withFolder { folder in
      #expect { try catalog([folder + "/none"]) } throws: { ($0 as? Fault)?.code == .inputMissing }
      #expect { try catalog([folder]) } throws: { ($0 as? Fault)?.code == .badData }
      try write("one\ntwo\nthree\n", to: folder + "/f")
      let table = try LineCatalog.scan([folder + "/f"], form: PlainLines(), share: (0, 1), threadCount: 1)
      try write("one\n", to: folder + "/f")
      #expect { try LineCatalog([folder + "/f"], form: PlainLines(), table: table) } throws: {
        ($0 as? Fault)?.what.contains("not where they were") == true
      }
      try write("", to: folder + "/empty")
      #expect(try catalog([folder + "/empty"]).count == 0)
    }
  }

  @Test func `repetitions are refused by name and both places`() throws {
    try withFolder { folder in
      try write("a\nb\n", to: folder + "/1")
      try write("c\nb\na\n", to: folder + "/2")
      #expect { try catalog([folder + "/1", folder + "/2"]).refuseRepetitions() } throws: {
        let fault = $0 as? Fault
        return fault?.what == "The clip b occurs twice" && fault?.place == "\(folder)/1, line 2 and \(folder)/2, line 2"
      }
      try catalog([folder + "/1"]).refuseRepetitions()
    }
  }
}

extension String {
  /// The character at a place.
  fileprivate func randomElement(_ place: Int) -> Character { self[index(startIndex, offsetBy: place)] }
}
