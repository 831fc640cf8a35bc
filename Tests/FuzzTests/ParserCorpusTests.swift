import Foundation
import Testing

/// What fuzzing has found and covered, in every run of the tests; `scripts/fuzz` looks for more.
@Suite struct ParserCorpusTests {
  @Test(arguments: FuzzTarget.all.map(\.name))
  func `seeds are taken`(_ name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let seeds = try target.seeds()
    #expect(!seeds.isEmpty)
    for (number, seed) in seeds.enumerated() { #expect(try target.takes(seed), "seed \(number)") }
  }

  @Test(arguments: FuzzTarget.all.map(\.name))
  func `nothing in the corpus traps`(_ name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Corpus/\(name)")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files.sorted(by: { $0.path < $1.path }) {
      #expect(throws: Never.self, "\(file.lastPathComponent)") { _ = try target.takes([UInt8](Data(contentsOf: file))) }
    }
  }

  /// The beginnings of every seed, and every seed with one byte replaced by others, at about a hundred places.
  @Test(arguments: FuzzTarget.all.map(\.name))
  func `cuts and changed bytes of seeds are taken or refused`(_ name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    for seed in try target.seeds() {
      let step = max(1, seed.count / 100)
      for place in stride(from: 0, to: seed.count, by: step) {
        _ = try target.takes(Array(seed[..<place]))
        for change: UInt8 in [0x01, 0x80, 0xFF] {
          var changed = seed
          changed[place] ^= change
          _ = try target.takes(changed)
        }
      }
    }
  }
}
