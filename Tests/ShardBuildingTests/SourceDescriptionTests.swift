import Faults
import Foundation
import Testing

@testable import ShardBuilding

@Suite struct SourceDescriptionTests {
  func manifest(in folder: String, count: Int) throws -> SourceDescription.Samples {
    let lines = (0..<count).map {
      #"{"clip":"\#($0).mp4","clip_id":"c\#($0)","image":"i.jpg","image_id":"i\#($0 % 2)"}"#
    }
    try write(lines.joined(separator: "\n"), to: folder + "/m.jsonl")
    return .manifest(path: folder + "/m.jsonl", allowOutside: false)
  }

  @Test func `ranks that share the scan open the same source as one`() throws {
    try withFolder { folder in
      var description = SourceDescription(try manifest(in: folder, count: 11))
      try write(#"{"c0":[1,2],"c1":[3,4],"c10":[5,6]}"#, to: folder + "/clips.json")
      try write(#"{"i0":[7,8]}"#, to: folder + "/items.json")
      description.embeddings = .init(name: "chinese-clip", clips: folder + "/clips.json", items: folder + "/items.json")
      let alone = try description.open(threadCount: 2)
      #expect(alone.textEncoder == "chinese-clip" && alone.textWidth == 2 && alone.catalog.count == 11)
      let first = try alone.catalog.sample(at: 0)
      #expect(first.asrEmbedding == [1, 2] && first.titleEmbedding == [7, 8])
      #expect(try alone.catalog.sample(at: 1).titleEmbedding.isEmpty)
      #expect(try alone.catalog.sample(at: 2).asrEmbedding.isEmpty)
      #expect((alone.catalog as? EmbeddedCatalog)?.missing == .init(speechCount: 1, titleCount: 1))
      for rankCount in [2, 5] {
        let parts = try (0..<rankCount).map {
          try SourceScan(words: description.scan(rank: $0, of: rankCount, threadCount: 1).words)
        }
        let shared = try description.open(parts).catalog
        for index in 0..<11 { #expect(try shared.sample(at: index) == alone.catalog.sample(at: index)) }
        #expect(try shared.hash(of: 3..<9) == alone.catalog.hash(of: 3..<9))
      }
      let hash = try alone.catalog.hash(of: 0..<11)
      try write(#"{"i0":[7,9]}"#, to: folder + "/items.json")
      #expect(try description.open(threadCount: 1).catalog.hash(of: 0..<11) != hash)
      try write(#"{"i0":[7,9,1]}"#, to: folder + "/items.json")
      #expect { try description.open(threadCount: 1) } throws: {
        ($0 as? Fault)?.what == "Vectors of 2 numbers for clips and 3 for items"
      }
    }
  }

  @Test func `embeddings of another set are refused`() throws {
    try withFolder { folder in
      var description = SourceDescription(try manifest(in: folder, count: 3))
      try write(#"{"x0":[1,2],"c11":[3,4]}"#, to: folder + "/e.json")
      description.embeddings = .init(name: "n", clips: folder + "/e.json", items: nil)
      #expect { try description.open(threadCount: 1) } throws: {
        ($0 as? Fault)?.what == "Not one of the clips has a vector here"
      }
      description.embeddings = .init(name: "n", clips: nil, items: folder + "/e.json")
      #expect { try description.open(threadCount: 1) } throws: {
        ($0 as? Fault)?.what == "Not one of the images of the first 3 samples has a vector here"
      }
      try write(#"{"i1":[1,2]}"#, to: folder + "/e.json")
      #expect(try description.open(threadCount: 1).textWidth == 2)
    }
  }

  @Test func `a description survives JSON, and refuses what names nothing`() throws {
    let samples: [SourceDescription.Samples] = [
      .manifest(path: "m", allowOutside: true), .lpr4mTrain(paths: ["a", "b"], frames: ["f"], images: ["i"]),
      .lpr4mTest(folder: "t", frames: ["f"], images: ["i"]), .lpr4mSubset(folder: "s", part: .test),
      .movingFashion(folder: "m", part: .train),
    ]
    for samples in samples {
      let description = SourceDescription(samples, embeddings: .init(name: "n", clips: "c", items: nil))
      try description.validate()
      let data = try JSONEncoder().encode(description)
      #expect(try JSONDecoder().decode(SourceDescription.self, from: data) == description)
    }
    let wrong: [SourceDescription] = [
      .init(.manifest(path: "", allowOutside: false)), .init(.lpr4mTrain(paths: [], frames: ["f"], images: ["i"])),
      .init(.lpr4mTrain(paths: ["p"], frames: [], images: ["i"])),
      .init(.lpr4mTest(folder: "t", frames: ["f"], images: [])), .init(.movingFashion(folder: "a\u{0}", part: .test)),
      .init(samples[0], embeddings: .init(name: "n", clips: nil, items: nil)),
      .init(samples[0], embeddings: .init(name: "", clips: "c", items: nil)),
    ]
    for description in wrong {
      #expect { try description.validate() } throws: { ($0 as? Fault)?.code == .usage }
      #expect { try description.scan(threadCount: 1) } throws: { ($0 as? Fault)?.code == .usage }
    }
  }

  @Test func `words that are no part are refused`() throws {
    try withFolder { folder in
      let words = try SourceDescription(manifest(in: folder, count: 3)).scan(threadCount: 1).words
      for count in 0..<words.count {
        #expect(throws: Fault.self) { try SourceScan(words: Array(words.prefix(count))) }
      }
      #expect(throws: Fault.self) { try SourceScan(words: words + [0]) }
      #expect(throws: Fault.self) { try SourceScan(words: [.max] + words.dropFirst()) }
    }
  }

  @Test func `repeated clips are refused before anything is decoded`() throws {
    try withFolder { folder in
      _ = try manifest(in: folder, count: 3)
      let text = try String(contentsOfFile: folder + "/m.jsonl", encoding: .utf8)
      try write(text + "\n" + text.split(separator: "\n")[1], to: folder + "/m.jsonl")
      let catalog = try SourceDescription(.manifest(path: folder + "/m.jsonl", allowOutside: false))
        .open(threadCount: 2).catalog
      #expect { try catalog.refuseRepetitions() } throws: {
        ($0 as? Fault)?.place == "\(folder)/m.jsonl, line 2 and \(folder)/m.jsonl, line 4"
      }
    }
  }
}
