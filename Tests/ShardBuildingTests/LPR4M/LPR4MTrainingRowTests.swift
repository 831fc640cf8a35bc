import Faults
import Randomness
import Testing

@testable import ShardBuilding

@Suite struct LPR4MTrainingRowTests {
  static let live = "7b601b02-2c63-11ee-bb6d-b8cef60c2fd0"
  static let video = live + "-1667916122888-1667916252390"

  static func row(frames: String? = nil, boxes: String = "[[1, 2, 3.5, 4], [0, 0, 9, 9]]", video: String = video)
    -> String
  {
    let frames = frames ?? "['\(video)-0001', \"\(video)-0002\"]"
    return [video, frames, boxes, "img9", "红色 dress", "12", "服饰", "家人们看", "large", "short", "few"].joined(
      separator: "\t")
  }

  func parse(_ text: String) throws -> LPR4MTrainingRow {
    try LPR4MTrainingRow(Array(text.utf8)) { "part_0.txt, line 3" }
  }

  @Test func `a training line`() throws {
    let row = try parse(Self.row())
    #expect(row.videoID == Self.video && row.frames == [Self.video + "-0001", Self.video + "-0002"])
    #expect(row.imageID == "img9" && row.title == "红色 dress" && row.categoryID == "12" && row.asr == "家人们看")
    #expect(row.tags == ["category": "服饰", "scale": "large", "duration": "short", "number": "few"])
    #expect(row.source.liveID == Self.live && row.source.rightImageIDs == ["img9"] && row.imagePath == nil)
    #expect(LPR4M.liveID(of: Self.video) == Self.live)
    #expect(LPR4M.liveID(of: "a-1") == nil && LPR4M.liveID(of: "a-b-c") == nil && LPR4M.liveID(of: "--") == nil)
  }

  @Test(arguments: [10, 13])
  func `a line with paths, as the authors' code reads it`(_ columnCount: Int) throws {
    let cells = [
      Self.video, "['training_video_00/v/a.jpg']", "[]", "img9", "training_image/img9.jpg", "a title", "12", "服饰",
      "p77", "speech", "small", "long", "many",
    ]
    let row = try parse(cells.prefix(columnCount).joined(separator: "\t"))
    #expect(row.frames == ["training_video_00/v/a.jpg"] && row.imagePath == "training_image/img9.jpg")
    #expect(row.title == "a title" && row.categoryID == "12" && row.asr == "speech" && row.tags["category"] == "服饰")
    #expect(row.tags["scale"] == (columnCount == 13 ? "small" : nil))
  }

  @Test func `a title that ends as a picture's name is a title`() throws {
    let row = try parse(Self.row().replacing("红色 dress", with: "IMG_1.jpg"))
    #expect(row.title == "IMG_1.jpg" && row.imagePath == nil && row.asr == "家人们看")
  }

  @Test func `the frames a clip can have`() {
    let ids = LPR4M.possibleFrameIDs(of: "l-1000-3500")
    #expect(ids.first == "l-1000-3500-0000" && ids.count == 2 + 16 + 1)
    #expect(LPR4M.possibleFrameIDs(of: "l-0-99999999999").count == 10_000)
    #expect(LPR4M.possibleFrameIDs(of: "l-9-1").isEmpty && LPR4M.possibleFrameIDs(of: "x").isEmpty)
    #expect(LPR4M.possibleFrameIDs(of: "l-0-99999999999999999999").isEmpty)
  }

  @Test(arguments: [
    "[", "['a'", "['a' 'b']", "['a'", "[__import__('os')]", "['a']; 1", "['\\x41']", "'unended", "[1e999]", "", "[,]",
    String(repeating: "[", count: 100_000), "None",
  ])
  func `hostile lists are faults with their place`(_ list: String) {
    #expect { try parse(Self.row(frames: list)) } throws: {
      let fault = $0 as? Fault
      return fault?.code == .badData && fault?.place == "part_0.txt, line 3, column 2 (frame_id list)"
    }
  }

  @Test func `columns and counts are checked`() {
    #expect { try parse("a\tb") } throws: { ($0 as? Fault)?.what == "2 columns instead of 11" }
    #expect { try parse(Self.row(boxes: "[[1, 2, 3, 4]]")) } throws: {
      ($0 as? Fault)?.what == "1 boxes for 2 frames"
    }
    #expect { try parse(Self.row(frames: "['a']", boxes: "[1]", video: "nolive")) } throws: {
      ($0 as? Fault)?.place?.contains("column 1 (video_id)") == true
    }
    #expect { try parse(Self.row().replacing("dress", with: "dr\u{0}ss")) } throws: {
      ($0 as? Fault)?.what == "A NUL byte"
    }
  }

  @Test func `random bytes never trap`() {
    var random = RandomStream(seed: 5, "hostile")
    let alphabet = Array("[]()'\",\\ 0.e-N\tx".utf8) + [0xFF, 0x00]
    for _ in 0..<3000 {
      let bytes = (0..<random.integer(below: 40)).map { _ in alphabet[random.integer(below: alphabet.count)] }
      _ = try? PythonLiteral.parse(bytes)
      _ = try? LPR4MTrainingRow(bytes) { "x" }
      _ = try? bytes.withUnsafeBytes { try LPR4MTraining.Keys().key(of: $0) { "x" } }
    }
    let row = Array(Self.row().utf8)
    for _ in 0..<2000 {
      var bytes = row
      bytes[random.integer(below: bytes.count)] ^= 1 << UInt8(random.integer(below: 8))
      _ = try? LPR4MTrainingRow(bytes) { "x" }
    }
  }
}
