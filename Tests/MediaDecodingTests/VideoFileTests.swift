import Faults
import Testing

@testable import MediaDecoding

@Suite struct VideoFileTests {
  @Test(arguments: VideoWriter.Codec.allCases)
  func `frames come evenly spaced, by their own pixels`(_ codec: VideoWriter.Codec) throws {
    try Fixture.withFolder { folder in
      let path = folder + "/clip.mp4"
      try Fixture.greys(13, at: path, codec: codec)
      #expect(try VideoFile(path: path).frameCount() == 13)
      let four = try VideoFile(path: path).frames(limit: 4) { $0 }
      #expect(four.map(\.index) == [0, 4, 8, 12])
      for (index, image) in four {
        #expect((image.width, image.height) == (64, 48))
        #expect(image.pixels.allSatisfy { abs(Int($0) - 16 * index) <= 4 })
      }
      let all = try VideoFile(path: path).frames(limit: 20) { $0.pixels[0] }
      #expect(all.map(\.index) == Array(0..<13))
    }
  }

  @Test func `a WebM clip, which does not say how many frames it has`() throws {
    let video = VideoFile(path: Fixture.path("clip.webm"))
    #expect(try video.frameCount() == 13)
    let frames = try video.frames(limit: 5) { Int($0.pixels[0]) }
    #expect(frames.map(\.index) == [0, 3, 6, 9, 12])
    for (index, level) in frames { #expect(abs(level - 20 * index) <= 8) }
  }

  @Test(arguments: [1, 2, 7, 10, 50])
  func `even indices are NumPy's linspace`(_ limit: Int) {
    #expect(FrameSampling.evenIndices(frameCount: 0, limit: limit) == [])
    for count in 1...200 {
      let indices = FrameSampling.evenIndices(frameCount: count, limit: limit)
      #expect(indices.count == min(count, limit))
      #expect(indices.first == 0 && (limit == 1 || indices.last == count - 1))
      #expect(zip(indices, indices.dropFirst()).allSatisfy { $0 < $1 })
    }
    #expect(FrameSampling.evenIndices(frameCount: 30, limit: 7) == [0, 4, 9, 14, 19, 24, 29])
  }

  @Test func `a cut clip is bad data with libav's reason and the path`() throws {
    try Fixture.withFolder { folder in
      let path = folder + "/clip.mp4"
      try Fixture.greys(13, at: path)
      let whole = Array(try Fixture.read(path))
      for cut in stride(from: 0, to: whole.count - 1, by: max(1, whole.count / 23)) {
        try Fixture.write(Array(whole[..<cut]), to: folder + "/cut.mp4")
        #expect("cut at \(cut)") { try VideoFile(path: folder + "/cut.mp4").frames(limit: 4) { $0 } } throws: {
          let fault = $0 as? Fault
          return fault?.code == .badData && fault?.place == folder + "/cut.mp4"
        }
      }
    }
  }

  @Test func `flipped bytes never trap`() throws {
    try Fixture.withFolder { folder in
      let path = folder + "/clip.mp4"
      try Fixture.greys(6, at: path)
      let whole = Array(try Fixture.read(path))
      for position in stride(from: 3, to: whole.count, by: max(1, whole.count / 60)) {
        var flipped = whole
        flipped[position] ^= 0x5A
        try Fixture.write(flipped, to: path)
        do { _ = try VideoFile(path: path).frames(limit: 3) { $0 } } catch let fault as Fault {
          #expect(fault.code == .badData)
        }
      }
    }
  }

  @Test func `text named mp4, a playlist, and no file at all`() throws {
    try Fixture.withFolder { folder in
      try Fixture.write(Array(repeating: 0x61, count: 5000), to: folder + "/text.mp4")
      #expect { try VideoFile(path: folder + "/text.mp4").frameCount() } throws: {
        let fault = $0 as? Fault
        return fault?.code == .badData && fault?.what.hasPrefix("Cannot read this as a video: Invalid data") == true
      }
      let playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n\(folder)/other.mp4\n#EXT-X-ENDLIST\n"
      try Fixture.write(Array(playlist.utf8), to: folder + "/list.m3u8")
      try Fixture.greys(3, at: folder + "/other.mp4")
      #expect { try VideoFile(path: folder + "/list.m3u8").frameCount() } throws: {
        ($0 as? Fault)?.code == .badData
      }
      #expect { try VideoFile(path: folder + "/none.mp4").frameCount() } throws: {
        ($0 as? Fault)?.code == .inputMissing
      }
    }
  }

  @Test func `limits on pixels and frames hold`() throws {
    try Fixture.withFolder { folder in
      let path = folder + "/clip.mp4"
      try Fixture.greys(13, at: path)
      for limits in [MediaLimits(maximumPixelCount: 1000), MediaLimits(maximumFrameCount: 12)] {
        #expect { try VideoFile(path: path, limits: limits).frames(limit: 4) { $0 } } throws: {
          ($0 as? Fault)?.code == .badData
        }
      }
    }
  }

  @Test(arguments: VideoWriter.Codec.allCases)
  func `equal frames make equal files, also with a conversion that was used before`(
    _ codec: VideoWriter.Codec
  ) throws {
    try Fixture.withFolder { folder in
      let conversion = PixelConversion()
      try Fixture.greys(3, at: folder + "/other.mp4", codec: codec, using: conversion)
      try Fixture.greys(9, at: folder + "/a.mp4", codec: codec, using: conversion)
      try Fixture.greys(9, at: folder + "/b.mp4", codec: codec)
      #expect(try Fixture.read(folder + "/a.mp4") == Fixture.read(folder + "/b.mp4"))
    }
  }
}
