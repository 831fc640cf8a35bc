import Faults
import MediaDecoding
import Randomness
import Testing

@testable import ShardBuilding

@Suite struct MovingFashionTests {
  static let published = """
    {"17": {"img_path": "imgs/a.jpg", "video_paths": ["videos/1.mp4", "videos/2.mp4"], "source": 1},
     "9": {"img_path": "imgs/b.jpg", "video_paths": ["videos/1.mp4"], "source": 0}}
    """

  func open(_ folder: String, _ part: DataPart) throws -> [SampleSource] {
    let catalog = try SourceDescription(.movingFashion(folder: folder, part: part)).open(threadCount: 1).catalog
    try catalog.refuseRepetitions()
    return try (0..<catalog.count).map {
      let sample = try catalog.sample(at: $0)
      #expect(try catalog.key(at: $0) == sample.key)
      return sample
    }
  }

  @Test func `training pairs, in the file's order; a video of two products is a clip of each`() throws {
    try withFolder { folder in
      try write(Self.published, to: folder + "/train.json")
      let samples = try open(folder, .train)
      #expect(samples.map(\.clipID) == ["1", "2", "1+b"] && samples.map(\.imageID) == ["a", "a", "b"])
      #expect(samples.map { $0.tags["source"] } == ["regular", "regular", "hard"])
      #expect(samples[2].frames == .video(MediaLocation(folder + "/videos/1.mp4")))
      #expect(samples[2].image.path == folder + "/imgs/b.jpg" && samples[2].rightImageIDs == ["b"])
      #expect(samples.allSatisfy { $0.liveID == "movingfashion" && $0.productID == $0.imageID })
    }
  }

  @Test func `test clips with all their answers, then one gallery of all pictures`() throws {
    try withFolder { folder in
      try write(Self.published, to: folder + "/test.json")
      let samples = try open(folder, .test)
      #expect(samples.map(\.clipID) == ["1", "2", "", ""] && samples.map(\.imageID) == ["a", "a", "a", "b"])
      #expect(samples.map(\.rightImageIDs) == [["a", "b"], ["a"], [], []])
    }
  }

  @Test func `a list, one video, sources as texts`() throws {
    let products = try MovingFashion.products(
      Array(#"[{"img_path":"imgs/x.y.jpg","video_path":"videos/v.mp4","source":"net-a-porter"}]"#.utf8), path: "t")
    #expect(products.map(\.imageID) == ["x.y"] && products[0].source == "net-a-porter")
  }

  @Test(arguments: [
    ("{", "Not JSON"), ("3", "Neither"), ("{}", "No products"), (#"{"a":3}"#, "Not an object"),
    (#"{"a":{"img_path":"i.jpg"}}"#, "Missing, or not a list of texts"),
    (#"{"a":{"video_paths":["v.mp4"]}}"#, "Missing, or not a text"),
    (#"{"a":{"img_path":"i.jpg","video_paths":[]}}"#, "Missing, or not a list"),
    (#"{"a":{"img_path":"i.jpg","video_paths":["v","v"]}}"#, "The same video twice"),
    (#"{"a":{"img_path":"../i.jpg","video_paths":["v"]}}"#, "../i.jpg leaves"),
    (#"{"a":{"img_path":"i.jpg","video_paths":["/v"]}}"#, "/v leaves"),
    (#"{"a":{"img_path":"i.jpg","video_paths":["v"],"source":2}}"#, "Neither 0, 1"),
    (#"{"a":{"image":"i.jpg","video_paths":["v"]}}"#, "Unknown field \"image\""),
    (#"{"a":{"img_path":"i/1.jpg","video_paths":["v"]},"b":{"img_path":"j/1.jpg","video_paths":["w"]}}"#, "Two files"),
  ])
  func `another form is refused by its field`(_ text: String, _ what: String) throws {
    try withFolder { folder in
      try write(text, to: folder + "/train.json")
      #expect { try open(folder, .train) } throws: {
        let fault = $0 as? Fault
        return fault?.what.hasPrefix(what) == true && fault?.place?.hasPrefix(folder + "/train.json") == true
      }
      #expect { try open(folder, .test) } throws: { ($0 as? Fault)?.code == .inputMissing }
    }
  }

  @Test func `random damage never traps`() {
    var random = RandomStream(seed: 8, "fashion")
    for _ in 0..<2000 {
      var bytes = Array(Self.published.utf8)
      for _ in 0..<2 { bytes[random.integer(below: bytes.count)] ^= 1 << UInt8(random.integer(below: 8)) }
      do { _ = try MovingFashion.products(bytes, path: "t") } catch { #expect(error is Fault) }
    }
  }
}
