import Faults
import Foundation
import Glibc
import MediaDecoding
import Randomness
import Testing

@testable import ShardBuilding

@Suite struct ManifestParserTests {
  func parse(_ line: String, allowOutside: Bool = false) throws -> SampleSource {
    try ManifestParser(path: "data/m.jsonl", allowOutside: allowOutside)
      .parse(Array(line.utf8)) { "data/m.jsonl, line 7" }
  }

  @Test func `a clip, a list of frames, a gallery picture`() throws {
    let clip = try parse(
      #"{"clip":"c/1.mp4","image":"i.jpg","image_id":"i","clip_id":"c","title":"红","tags":{"a":"b"},"right_images":["i","j"]}"#
    )
    #expect(
      clip.frames == .video(MediaLocation("data/c/1.mp4")) && clip.image.path == "data/i.jpg" && clip.productID == "i")
    #expect(clip.title == "红" && clip.tags == ["a": "b"] && clip.rightImageIDs == ["i", "j"])
    let list = try parse(#"{"frames":["1.png","2.png"],"image":"i.jpg","image_id":"i","clip_id":"c"}"#)
    #expect(list.frames == .pictures([MediaLocation("data/1.png"), MediaLocation("data/2.png")]))
    #expect(try parse(#"{"image":"i.jpg","image_id":"i","live_id":"l"}"#).frames == SampleSource.Frames.none)
    #expect(try parse(#"{"image":"a/i.jpg"}"#).imageID == "a/i.jpg")
  }

  @Test(arguments: [
    (#"{"image":"#, "Not JSON: The text ends too early at byte 9", nil),
    (#"{"image":"i","image":"i"}"#, "Not JSON: The name \"image\" twice", nil), ("[1]", "Not a JSON object", nil),
    (#"{"image":"i","image_id":"i","clip":"c"}"#, "Missing", "clip_id"),
    (#"{"image_id":"i"}"#, "Missing", "image"), (#"{"image":"i","image_id":""}"#, "Missing", "image_id"),
    (#"{"image":3,"image_id":"i"}"#, "Not a string", "image"),
    (#"{"image":"i","image_id":"i","tags":{"a":1}}"#, "Not an object of strings", "tags"),
    (#"{"image":"i","image_id":"i","clip_id":"c","frames":[1]}"#, "Not a list of strings", "frames"),
    (#"{"image":"i","image_id":"i","clip_id":"c","frames":[]}"#, "An empty list", "frames"),
    (#"{"image":"i","image_id":"i","clip_id":"c","clip":"c","frames":["f"]}"#, "Both", "frames"),
    (#"{"image":"i","image_id":"i","clip_id":"c"}"#, "A clip_id, but neither", "clip"),
    (#"{"image":"i","image_id":"i","titel":"x"}"#, "Unknown field \"titel\"", nil),
    (#"{"image":"../i","image_id":"i"}"#, "../i leaves", "image"),
    (#"{"image":"a/../../i","image_id":"i"}"#, "a/../../i leaves", "image"),
    (#"{"image":"/etc/passwd","image_id":"i"}"#, "/etc/passwd leaves", "image"),
    (#"{"image":"a\u0000b","image_id":"i"}"#, "Not a path", "image"),
  ])
  func `a wrong line names file, line and field`(_ line: String, _ what: String, _ field: String?) {
    #expect { try parse(line) } throws: {
      let fault = $0 as? Fault
      return fault?.code == .badData && fault?.what.hasPrefix(what) == true
        && fault?.place == "data/m.jsonl, line 7" + (field.map { ", field \"\($0)\"" } ?? "")
    }
  }

  @Test func `a path may leave the folder where that is allowed, and a link may not`() throws {
    #expect(try parse(#"{"image":"/x/i","image_id":"i"}"#, allowOutside: true).image.path == "/x/i")
    try withFolder { folder in
      try write("x", to: folder + "/outside.jpg")
      try write("", to: folder + "/in/m.jsonl")
      #expect(symlink(folder + "/outside.jpg", folder + "/in/link.jpg") == 0)
      #expect {
        try ManifestParser(path: folder + "/in/m.jsonl", allowOutside: false)
          .parse(Array(#"{"image":"link.jpg","image_id":"i"}"#.utf8)) { "line" }
      } throws: { ($0 as? Fault)?.what == "link.jpg leaves the manifest's folder" }
    }
  }

  @Test func `random samples survive a manifest`() throws {
    var random = RandomStream(seed: 9, "manifests")
    let letters = Array("aZ9_ \"\\\n\t\u{0}é红😀/.{}[]:,")
    func text() -> String { String((0..<random.integer(below: 9)).map { _ in letters[random.integer(below: 16)] }) }
    for number in 0..<300 {
      var line = ManifestLine(image: "i/\(number).jpg", imageID: "x" + text())
      line.title = text()
      line.asr = text()
      line.tags = ["t" + text(): text(), "a": text()]
      line.liveID = text()
      line.categoryID = text()
      if number % 2 == 0 {
        line.clip = "c/\(number).mp4"
        line.clipID = "c" + text()
        line.rightImages = [line.imageID, text()]
      } else {
        line.rightImages = []
      }
      var json = try line.json()
      if number % 2 == 1 { json = json.replacing(",\"right_images\":[]", with: "") }
      #expect(!json.contains("\n"))
      let sample = try parse(json)
      #expect(sample.imageID == line.imageID && sample.title == line.title && sample.asr == line.asr)
      #expect(sample.tags == line.tags && sample.liveID == line.liveID && sample.categoryID == line.categoryID)
      #expect(sample.clipID == line.clipID ?? "" && sample.rightImageIDs == line.rightImages)
      #expect(try key(json) == sample.key)
    }
  }

  private func key(_ json: String) throws -> UInt64 {
    try Array(json.utf8).withUnsafeBytes {
      try ManifestParser(path: "data/m.jsonl", allowOutside: false).key(of: $0) { "line" }
    }
  }

  @Test func `random damage never traps`() {
    let line = Array(#"{"clip":"c/1.mp4","image":"i.jpg","image_id":"i","clip_id":"c","tags":{"a":"b"}}"#.utf8)
    var random = RandomStream(seed: 10, "damage")
    for _ in 0..<3000 {
      var bytes = line
      for _ in 0..<1 + random.integer(below: 4) {
        bytes[random.integer(below: bytes.count)] ^= 1 << UInt8(random.integer(below: 8))
      }
      bytes.removeLast(random.integer(below: 3) == 0 ? random.integer(below: bytes.count) : 0)
      _ = try? ManifestParser(path: "m", allowOutside: false).parse(bytes) { "line" }
    }
  }
}
