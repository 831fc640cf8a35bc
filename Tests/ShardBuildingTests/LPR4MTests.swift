import Faults
import MediaDecoding
import Randomness
import ShardFormat
import Testing

@testable import ShardBuilding

@Suite struct LPR4MTests {
  static let live = "7b601b02-2c63-11ee-bb6d-b8cef60c2fd0"
  static let video = live + "-1667916122888-1667916252390"

  func row(frames: String? = nil, boxes: String = "[[1, 2, 3.5, 4], [0, 0, 9, 9]]", video: String = video) -> String {
    let frames = frames ?? "['\(video)-0001', \"\(video)-0002\"]"
    return [video, frames, boxes, "img9", "红色 dress", "12", "服饰", "家人们看", "large", "short", "few"].joined(
      separator: "\t")
  }

  func parse(_ text: String) throws -> LPR4MTrainingRow {
    try LPR4MTrainingRow(Array(text.utf8), path: "part_0.txt", number: 3)
  }

  @Test func `a training line`() throws {
    let row = try parse(row())
    #expect(row.videoID == Self.video && row.frameIDs == [Self.video + "-0001", Self.video + "-0002"])
    #expect(row.imageID == "img9" && row.title == "红色 dress" && row.categoryID == "12" && row.asr == "家人们看")
    #expect(row.tags == ["category": "服饰", "scale": "large", "duration": "short", "number": "few"])
    #expect(LPR4M.liveID(of: Self.video) == Self.live)
    #expect(LPR4M.liveID(of: "a-1") == nil && LPR4M.liveID(of: "a-b-c") == nil && LPR4M.liveID(of: "--") == nil)
  }

  @Test(arguments: [
    "[", "['a'", "['a' 'b']", "['a'", "[__import__('os')]", "['a']; 1", "['\\x41']", "'unended", "[1e999]", "", "[,]",
    String(repeating: "[", count: 100_000), "None",
  ])
  func `hostile lists are faults with their place`(_ list: String) {
    #expect { try parse(row(frames: list)) } throws: {
      let fault = $0 as? Fault
      return fault?.code == .badData && fault?.place == "part_0.txt, line 3, column 2 (frame_id list)"
    }
  }

  @Test func `columns and counts are checked`() {
    #expect { try parse("a\tb") } throws: { ($0 as? Fault)?.what == "2 columns instead of 11" }
    #expect { try parse(row(boxes: "[[1, 2, 3, 4]]")) } throws: { ($0 as? Fault)?.what == "1 boxes for 2 frames" }
    #expect { try parse(row(frames: "['a']", boxes: "[1]", video: "nolive")) } throws: {
      ($0 as? Fault)?.place?.contains("column 1 (video_id)") == true
    }
  }

  @Test func `random bytes never trap`() {
    var random = RandomStream(seed: 5, "hostile")
    let alphabet = Array("[]()'\",\\ 0.e-N\tx".utf8) + [0xFF, 0x00]
    for _ in 0..<3000 {
      let bytes = (0..<random.integer(below: 40)).map { _ in alphabet[random.integer(below: alphabet.count)] }
      _ = try? PythonLiteral.parse(bytes)
      _ = try? LPR4MTrainingRow(bytes, path: "x", number: 1)
    }
  }

  func picture(_ path: String) throws {
    try write("", to: path)
    try OutputFolder.writeFile(
      try StillEncoder.jpeg(RGBImage(width: 8, height: 8, red: 9, green: 99, blue: 9)), to: path)
  }

  @Test func `training and test files to shards, in all three layouts of pictures`() throws {
    try withFolder { folder in
      let (frames, images) = (folder + "/frames", folder + "/images")
      try picture(frames + "/\(Self.video)/\(Self.video)-0001.jpg")
      try picture(frames + "/\(Self.video)-0002.jpg")
      try picture(images + "/00000/000000003.jpg")
      try write(
        #"{"url":"https://x/y/img9.jpg?z=1","key":"000000003","status":"success"}"#,
        to: images + "/00000/000000003.json")
      try write(
        #"{"url":"https://x/y/img7.jpg","key":"000000004","status":"failed"}"#, to: images + "/00000/000000004.json")
      try picture(images + "/img8.jpg")
      try write(row() + "\n", to: folder + "/train.txt")
      let (frameFolder, imageFolder) = (try PictureFolder(path: frames), try PictureFolder(path: images))
      let builder = try ShardBuilder(
        configuration: ShardConfiguration(resolution: 8, maximumFrameCount: 4), textEncoder: nil)
      let training = try LPR4MTraining(paths: [folder + "/train.txt"], frames: frameFolder, images: imageFolder)
      _ = try builder.build(training, to: folder + "/train", threadCount: 2)
      let sample = try ShardSet(folder: folder + "/train").summary(at: 0)
      #expect(sample.clipID == Self.video && sample.liveID == Self.live && sample.frameCount == 2)
      #expect(throws: Fault.self) { try imageFolder.file(id: "img7") }
      #expect { try imageFolder.file(id: "../img8") } throws: { ($0 as? Fault)?.code == .badData }

      try write("\(Self.video)\t家人们\n", to: folder + "/a/" + LPR4MTest.speechName)
      try write("img9\t红色\nimg8\t蓝色\n", to: folder + "/a/" + LPR4MTest.titleName)
      try write(#"{"\#(Self.video)":["img9"]}"#, to: folder + "/a/" + LPR4MTest.answerName)
      try write(#"{"\#(Self.live)":["img8","img9"]}"#, to: folder + "/a/" + LPR4MTest.galleryName)
      let test = try LPR4MTest.samples(in: folder + "/a", frames: frameFolder, images: imageFolder)
      let report = try builder.build(test, to: folder + "/test", threadCount: 2)
      #expect((report.clipCount, report.pictureCount) == (1, 1))
      let gallery = try ShardSet(folder: folder + "/test").summary(at: 1)
      #expect(gallery.imageID == "img8" && gallery.liveID == Self.live && gallery.title == "蓝色")
    }
  }
}
