import DurableFiles
import Faults
import Foundation
import Randomness
import Testing

@testable import ShardBuilding

@Suite struct EmbeddingTests {
  func file(_ text: String, in folder: String, window: Int = 1 << 20) throws -> EmbeddingFile {
    let path = folder + "/e.json"
    try write(text, to: path)
    return try EmbeddingFile(
      path: path, table: EmbeddingScan.table(of: path, prefix: "p/", windowByteCount: window))
  }

  @Test(arguments: [1, 7, 1 << 20])
  func `vectors as Python writes them, through windows of any size`(_ window: Int) throws {
    try withFolder { folder in
      var random = RandomStream(seed: 4, "vectors")
      var expected: [String: [Float]] = [:]
      for number in 0..<20 {
        expected["clip-\(number) é\"\\"] = (0..<16).map { _ in Float(random.integer(below: 2_000_001)) / 1e6 - 1 }
      }
      for options: JSONSerialization.WritingOptions in [[], .prettyPrinted] {
        let data = try JSONSerialization.data(
          withJSONObject: expected.mapValues { $0.map(Double.init) }, options: options)
        let file = try file(String(decoding: data, as: UTF8.self), in: folder, window: window)
        #expect(file.table.width == 16 && file.table.count == 20)
        for (id, vector) in expected { #expect(try file.vector(of: XXH3.hash("p/" + id)) == vector) }
        #expect(try file.vector(of: XXH3.hash("p/none")) == nil)
        #expect(EmbeddingTable(words: file.table.words) == file.table)
      }
    }
  }

  @Test func `exact values`() throws {
    try withFolder { folder in
      let file = try file(" {\"a\" : [ 1.5e-30,-0.1 , 3.4028235e1,-0, 999999]\n}\n", in: folder)
      #expect(try file.vector(of: XXH3.hash("p/a")) == [1.5e-30, -0.1, 34.028235, 0, 999_999])
    }
  }

  @Test(arguments: [
    ("", "Not a JSON object"), ("[]", "Not a JSON object"), ("{}", "No embeddings"), ("{\"a\"", "No colon"),
    ("{\"a\":1}", "No list"), ("{\"a\":[1", "The file ends within a vector"), ("{\"a", "The file ends within an id"),
    ("{\"a\":[1],\"b\":[1,2]}", "A vector of 2 numbers where the first has 1"),
    ("{\"a\":[NaN]}", "Not a finite number"),
    ("{\"a\":[[1]]}", "Not a finite number"), ("{\"a\":[1],}", "No id"), ("{\"a\":[1]\"b\":[1]}", "No comma"),
    ("{\"a\":[1]} x", "Something after"), ("{\"a\":[1],\"b\":[2],\"a\":[3]}", "The same id twice"),
    ("{\"\":[1]}", "Not an id"), ("{\"\\ud800\":[1]}", "Not an id"), ("{\"a\":[1]", "No comma"),
  ])
  func `a scan refuses other forms with their byte`(_ text: String, _ what: String) throws {
    try withFolder { folder in
      for window in [1, 1 << 20] {
        #expect { try file(text, in: folder, window: window) } throws: {
          let fault = $0 as? Fault
          return fault?.code == .badData && fault?.what.hasPrefix(what) == true
            && fault?.place?.contains("byte") == true
        }
      }
    }
  }

  @Test(arguments: [
    "[1,,2]", "[1 2,3]", "[1,2,]", "[,1,2]", "[1e999,0,0]", "[1e7,0,0]", "[1,-,2]", "[1,2,3 4]", "[1,2,--3]",
  ])
  func `a read refuses what is no number`(_ vector: String) throws {
    try withFolder { folder in
      let file = try file("{\"good\":[1,2,3],\"bad\":\(vector)}".replacing("[1 2,3]", with: "[1 2,3,4]"), in: folder)
      #expect(try file.vector(of: XXH3.hash("p/good")) == [1, 2, 3])
      #expect { try file.vector(of: XXH3.hash("p/bad")) } throws: { ($0 as? Fault)?.code == .badData }
    }
  }

  @Test func `too wide a vector, too long an id, endless spaces`() throws {
    try withFolder { folder in
      func refused(_ text: String, _ what: String) {
        #expect { try file(text, in: folder) } throws: { ($0 as? Fault)?.what.hasPrefix(what) == true }
      }
      refused("{\"a\":[" + String(repeating: "1,", count: 5000) + "1]}", "A vector of 5001 numbers")
      refused("{\"" + String(repeating: "a", count: 5000) + "\":[1]}", "An id of more than")
      refused("{\"a\":[1],\"b\":[" + String(repeating: " ", count: 10_000) + "1]}", "A vector of more than")
    }
  }

  @Test func `random damage never traps`() throws {
    try withFolder { folder in
      let text = Array("{\"aé\":[0.5,1.25e-1],\"b\\n\":[-1,2],\"c\":[3,4]}".utf8)
      var random = RandomStream(seed: 6, "damage")
      for _ in 0..<400 {
        var bytes = text
        for _ in 0..<1 + random.integer(below: 2) {
          bytes[random.integer(below: bytes.count)] ^= 1 << UInt8(random.integer(below: 8))
        }
        if random.integer(below: 4) == 0 { bytes.removeLast(random.integer(below: bytes.count)) }
        try writeBytes(bytes, to: folder + "/d.json")
        do {
          let table = try EmbeddingScan.table(of: folder + "/d.json", prefix: "", windowByteCount: 5)
          let file = try EmbeddingFile(path: folder + "/d.json", table: table)
          for key in table.keys { #expect(try file.vector(of: key)?.count == table.width) }
        } catch { #expect(error is Fault) }
      }
      #expect(EmbeddingTable(words: []) == nil && EmbeddingTable(words: [1, 2, 3]) == nil)
      #expect(EmbeddingTable(words: [1, 2, .max]) == nil && EmbeddingTable(words: [1, 2, 1 << 62, 4]) == nil)
    }
  }
}
