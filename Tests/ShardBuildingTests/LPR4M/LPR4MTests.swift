import Faults
import Foundation
import MediaDecoding
import Testing

@testable import ShardBuilding

/// LPR4M in all its layouts, through the description that a command line gives.
@Suite struct LPR4MTests {
  static let live = LPR4MTrainingRowTests.live
  static let video = LPR4MTrainingRowTests.video

  func open(_ samples: SourceDescription.Samples, rankCount: Int = 1) throws -> any SampleCatalog {
    let description = SourceDescription(samples)
    let parts = try (0..<rankCount).map { rank in
      try SourceScan(words: description.scan(rank: rank, of: rankCount, threadCount: 2).words)
    }
    return try description.open(parts).catalog
  }

  func all(_ catalog: any SampleCatalog) throws -> [SampleSource] {
    try (0..<catalog.count).map { try catalog.sample(at: $0) }
  }

  func paths(_ sample: SampleSource) -> [String] {
    guard case .pictures(let locations) = sample.frames else { return [] }
    return locations.map(\.path)
  }

  @Test(arguments: [1, 2, 3])
  func `training lines with frames in folders, flat, and archives`(_ rankCount: Int) throws {
    try withFolder { folder in
      let second = Self.live + "-1-2000"
      try write("1", to: folder + "/frames/\(Self.video)/\(Self.video)-0001.jpg")
      try write("2", to: folder + "/frames/\(Self.video)-0002.jpg")
      try writeBytes(
        TarFixture.member("0.jpg", [3]) + TarFixture.member("0.json", TarFixture.row(second + "-0000"))
          + TarFixture.end, to: folder + "/more/00000.tar")
      try write("9", to: folder + "/images/img9.jpg")
      try write(LPR4MTrainingRowTests.row() + "\n", to: folder + "/part_0.txt")
      try write(
        LPR4MTrainingRowTests.row(frames: "['\(second)-0000']", boxes: "[[0, 0, 1, 1]]", video: second) + "\n"
          + LPR4MTrainingRowTests.row(video: Self.live + "-5-6"), to: folder + "/part_1.txt")
      let catalog = try open(
        .lpr4mTrain(
          paths: [folder + "/part_0.txt", folder + "/part_1.txt"], frames: [folder + "/frames", folder + "/more"],
          images: [folder + "/images"]), rankCount: rankCount)
      #expect(catalog.count == 3)
      try catalog.refuseRepetitions()
      let first = try catalog.sample(at: 0)
      #expect(first.image.path == folder + "/images/img9.jpg" && first.clipID == Self.video)
      #expect(
        paths(first) == [
          folder + "/frames/\(Self.video)/\(Self.video)-0001.jpg", folder + "/frames/\(Self.video)-0002.jpg",
        ])
      let archived = try catalog.sample(at: 1)
      #expect(
        archived.frames == .pictures([MediaLocation(folder + "/more/00000.tar", offset: 512, byteCount: 1)]))
      #expect(try catalog.key(at: 1) == archived.key)
      #expect { try catalog.sample(at: 2) } throws: {
        ($0 as? BadSample)?.fault.code == .inputMissing && ($0 as? BadSample)?.id == Self.live + "-5-6"
      }
    }
  }

  @Test func `a clip needs half of its frames and its image`() throws {
    try withFolder { folder in
      let frames = (1...5).map { "\(Self.video)-000\($0)" }
      let list = "['" + frames.joined(separator: "', '") + "']"
      let boxes = "[" + Array(repeating: "[0, 0, 1, 1]", count: 5).joined(separator: ", ") + "]"
      try write(LPR4MTrainingRowTests.row(frames: list, boxes: boxes), to: folder + "/train.txt")
      try write("", to: folder + "/images/none")
      func sample() throws -> SampleSource {
        try open(
          .lpr4mTrain(paths: [folder + "/train.txt"], frames: [folder + "/frames"], images: [folder + "/images"])
        ).sample(at: 0)
      }
      for number in [4, 0] { try write("1", to: folder + "/frames/\(Self.video)/\(frames[number]).jpg") }
      #expect { try sample() } throws: { ($0 as? BadSample)?.fault.what == "No picture img9" }
      try write("9", to: folder + "/images/img9.jpg")
      #expect { try sample() } throws: { ($0 as? BadSample)?.fault.what == "3 of 5 frames are not there" }
      try write("1", to: folder + "/frames/\(frames[2]).jpg")
      #expect(
        try paths(sample()) == [
          "\(folder)/frames/\(Self.video)/\(frames[0]).jpg", "\(folder)/frames/\(frames[2]).jpg",
          "\(folder)/frames/\(Self.video)/\(frames[4]).jpg",
        ])
    }
  }

  func writeTest(to folder: String, counts: (String, String) = ("20079", "6076")) throws {
    try write("\(Self.video)\t家人们\n", to: folder + "/test_videoid_asr_\(counts.0).txt")
    try write("img9\t红色\nimg8\t蓝色\n", to: folder + "/test_image_title_\(counts.1).txt")
    try write(#"{"\#(Self.video)":["img9"]}"#, to: folder + "/test_videoid_to_gtimage_\(counts.0).json")
    try write(#"{"\#(Self.live)":["img8","img9","img8"]}"#, to: folder + "/test_liveid_to_gallery_110.json")
  }

  @Test(arguments: [true, false])
  func `test files: clips, then every gallery picture, whatever the counts in the names`(_ archived: Bool) throws {
    try withFolder { folder in
      try writeTest(to: folder + "/a", counts: archived ? ("20079", "6076") : ("7", "8"))
      if archived {
        try writeBytes(
          TarFixture.member("0.jpg", [1]) + TarFixture.member("0.json", TarFixture.row(Self.video + "-0081"))
            + TarFixture.end, to: folder + "/frames/00000.tar")
      } else {
        try write("1", to: folder + "/frames/\(Self.video)/\(Self.video)-0081.jpg")
      }
      for id in ["img8", "img9"] { try write(id, to: folder + "/images/\(id).jpg") }
      let catalog = try open(
        .lpr4mTest(folder: folder + "/a", frames: [folder + "/frames"], images: [folder + "/images"]))
      let samples = try all(catalog)
      #expect(samples.map(\.clipID) == [Self.video, "", ""] && samples.map(\.imageID) == ["img9", "img8", "img9"])
      #expect(samples.map(\.title) == ["红色", "蓝色", "红色"] && samples.allSatisfy { $0.liveID == Self.live })
      #expect(samples[0].asr == "家人们" && paths(samples[0]).count == 1 && samples[1].frames == .none)
      #expect(try (0..<3).map { try catalog.key(at: $0) } == samples.map(\.key))
      try catalog.refuseRepetitions()
      #expect(try catalog.hash(of: 0..<2) != catalog.hash(of: 1..<3))
    }
  }

  @Test func `wrong test files are named`() throws {
    try withFolder { folder in
      func expect(_ what: String) {
        #expect { try open(.lpr4mTest(folder: folder, frames: [folder], images: [folder])) } throws: {
          ($0 as? Fault)?.what.hasPrefix(what) == true
        }
      }
      expect("No file test_videoid_to_gtimage*.json")
      try writeTest(to: folder)
      try write("{}", to: folder + "/test_videoid_to_gtimage_2.json")
      expect("Several files test_videoid_to_gtimage*.json")
      try write("{}", to: folder + "/test_videoid_to_gtimage_20079.json")
      try FileManager.default.removeItem(atPath: folder + "/test_videoid_to_gtimage_2.json")
      expect("Clip \(Self.video) has no right image")
      try write("[]", to: folder + "/test_videoid_to_gtimage_20079.json")
      expect("Not a JSON object")
      try write("{\"a\":[1]}", to: folder + "/test_videoid_to_gtimage_20079.json")
      expect("Not a list of image ids")
    }
  }

  @Test(arguments: [true, false])
  func `the 750K subset from its one folder`(_ deeper: Bool) throws {
    try withFolder { folder in
      let (frames, images) = deeper ? ("/frames", "/images") : ("", "")
      let second = Self.live + "-1-2000"
      try write(
        LPR4MTrainingRowTests.row(frames: "['\(Self.video)-0001']", boxes: "[[1, 2, 3, 4]]") + "\n"
          + [
            second, "['training_video_07/\(second)/a.jpg']", "[]", "img9", "training_image/img9.jpg", "t", "1", "c",
            "p",
            "s",
          ].joined(separator: "\t"), to: folder + "/annotations/training_videoinfo_750k.txt")
      try write("", to: folder + "/annotations/training_videoinfo_val.txt")
      try write("1", to: folder + "/training_video_00/\(Self.video)\(frames)/\(Self.video)-0001.jpg")
      try write("2", to: folder + "/training_video_07/\(second)/a.jpg")
      try write("3", to: folder + "/training_image/img9.jpg")
      let train = try all(open(.lpr4mSubset(folder: folder, part: .train), rankCount: 2))
      #expect(train.map(\.clipID) == [Self.video, second] && train[0].image == train[1].image)
      #expect(paths(train[0]) == [folder + "/training_video_00/\(Self.video)\(frames)/\(Self.video)-0001.jpg"])
      #expect(paths(train[1]) == [folder + "/training_video_07/\(second)/a.jpg"])

      let uuid = "11111111-2222-3333-4444-555555555555"
      try write(
        #"{"\#(Self.video)":["\#(uuid)"]}"#, to: folder + "/annotations/test_videoid_to_gtimage_20079.json")
      try write("1", to: folder + "/query/\(Self.video)\(frames)/0001.jpg")
      try write("1", to: folder + "/query/\(Self.video)\(frames)/0000.jpg")
      try write("x", to: folder + "/gallery/\(Self.live)\(images)/\(uuid)-3.jpg")
      try write("y", to: folder + "/gallery/\(Self.live)\(images)/other.jpg")
      var test = try all(open(.lpr4mSubset(folder: folder, part: .test)))
      #expect(test.map(\.imageID) == [uuid, uuid, "other"] && test.map(\.liveID) == [Self.live, Self.live, Self.live])
      #expect(paths(test[0]).map { $0.hasSuffix("/0000.jpg") } == [true, false] && test[0].asr.isEmpty)
      #expect(test[0].image.path == folder + "/gallery/\(Self.live)\(images)/\(uuid)-3.jpg")
      try write("\(Self.video)\thello\n", to: folder + "/annotations/test_videoid_asr_1.txt")
      test = try all(open(.lpr4mSubset(folder: folder, part: .test)))
      #expect(test[0].asr == "hello")
    }
  }

  @Test func `paths of annotations stay in the subset's folder`() throws {
    try withFolder { folder in
      for path in ["../secret.jpg", "/etc/secret.jpg", "a/../../secret.jpg"] {
        let cells = [Self.video, "['\(path)']", "[]", "i", "training_image/i.jpg", "t", "1", "c", "p", "s"]
        try write(cells.joined(separator: "\t"), to: folder + "/set/annotations/training_videoinfo_1.txt")
        try write("3", to: folder + "/set/training_image/i.jpg")
        try write("3", to: folder + "/set/training_video_00/x.jpg")
        try write("3", to: folder + "/secret.jpg")
        let catalog = try open(.lpr4mSubset(folder: folder + "/set", part: .train))
        #expect { try catalog.sample(at: 0) } throws: { ($0 as? BadSample)?.fault.what.contains("not a path") == true }
      }
      #expect { try open(.lpr4mSubset(folder: folder + "/set", part: .test)) } throws: {
        ($0 as? Fault)?.code == .inputMissing
      }
    }
  }

  @Test func `an archive of the subset serves unpacked`() throws {
    try withFolder { folder in
      try write(
        LPR4MTrainingRowTests.row(frames: "['\(Self.video)-0001']", boxes: "[[1, 2, 3, 4]]"),
        to: folder + "/annotations/training_videoinfo_750k.txt")
      try write("3", to: folder + "/training_image/img9.jpg")
      let path = TarFixture.record("path", "training_video_00/\(Self.video)/\(Self.video)-0001.jpg")
      try writeBytes(
        TarFixture.member("p", Array(path.utf8), flag: UInt8(ascii: "x")) + TarFixture.member("cut.jp", [7])
          + TarFixture.end, to: folder + "/training_video_00.tar")
      let sample = try open(.lpr4mSubset(folder: folder, part: .train)).sample(at: 0)
      #expect(
        sample.frames == .pictures([MediaLocation(folder + "/training_video_00.tar", offset: 1536, byteCount: 1)]))
    }
  }
}
