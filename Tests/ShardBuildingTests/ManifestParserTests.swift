import Faults
import Glibc
import Testing

@testable import ShardBuilding

@Suite struct ManifestParserTests {
  func parse(_ line: String, allowOutside: Bool = false) throws -> SampleSource {
    try ManifestParser(path: "data/m.jsonl", allowOutside: allowOutside).parse(Array(line.utf8), number: 7)
  }

  @Test func `a clip, a list of frames, a gallery picture`() throws {
    let clip = try parse(
      #"{"clip":"c/1.mp4","image":"i.jpg","image_id":"i","clip_id":"c","title":"红","tags":{"a":"b"},"right_images":["i","j"]}"#
    )
    #expect(clip.frames == .video("data/c/1.mp4") && clip.image == "data/i.jpg" && clip.productID == "i")
    #expect(clip.title == "红" && clip.tags == ["a": "b"] && clip.rightImageIDs == ["i", "j"])
    let list = try parse(#"{"frames":["1.png","2.png"],"image":"i.jpg","image_id":"i","clip_id":"c"}"#)
    #expect(list.frames == .pictures(["data/1.png", "data/2.png"]))
    #expect(try parse(#"{"image":"i.jpg","image_id":"i","live_id":"l"}"#).frames == SampleSource.Frames.none)
  }

  @Test(arguments: [
    (#"{"image":"#, "Not JSON", nil), ("[1]", "Not a JSON object", nil),
    (#"{"image":"i","image_id":"i","clip":"c"}"#, "Missing", "clip_id"),
    (#"{"image_id":"i"}"#, "Missing", "image"), (#"{"image":"i"}"#, "Missing", "image_id"),
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
    #expect(try parse(#"{"image":"/x/i","image_id":"i"}"#, allowOutside: true).image == "/x/i")
    try withFolder { folder in
      try write("x", to: folder + "/outside.jpg")
      try write("", to: folder + "/in/m.jsonl")
      #expect(symlink(folder + "/outside.jpg", folder + "/in/link.jpg") == 0)
      #expect {
        try ManifestParser(path: folder + "/in/m.jsonl", allowOutside: false)
          .parse(Array(#"{"image":"link.jpg","image_id":"i"}"#.utf8), number: 1)
      } throws: { ($0 as? Fault)?.what == "link.jpg leaves the manifest's folder" }
    }
  }
}
