import Faults
import Testing

@testable import MediaDecoding

/// Squares of JPEG files and clips, held against what `scripts/make_jpeg_fixtures.py` got from Pillow and NumPy.
@Suite struct SquareDecoderTests {
  static let cases: [(name: String, resolution: Int)] = [
    ("landscape", 48), ("portrait", 40), ("square", 48), ("square", 33), ("tall", 48), ("small", 56), ("wide", 33),
    ("tiny", 12), ("progressive", 32), ("restarts", 32), ("full", 32), ("half", 32), ("grey", 32), ("ink", 32),
  ]

  private func square(_ name: String, _ resolution: Int, _ layout: PictureLayout) throws -> [UInt8] {
    let decoder = SquareDecoder(resolution: resolution, layout: layout)
    return try decoder.picture(at: MediaLocation(Fixture.path("jpeg/\(name).jpg")))
  }

  private func differences(_ bytes: [UInt8], _ expected: [UInt8]) -> [Int] {
    zip(bytes, expected).map { abs(Int($0) - Int($1)) }
  }

  @Test(arguments: cases)
  func `RGB equals Pillow byte for byte`(_ name: String, _ resolution: Int) throws {
    let planes = try square(name, resolution, .rgb)
    let expected = try Fixture.bytes("jpeg/\(name).\(resolution).rgb")
    #expect(planes.count == expected.count)
    #expect(differences(planes, expected).max() == 0)
  }

  @Test(arguments: cases)
  func `luma equals Pillow byte for byte, colour where rounding lets it`(_ name: String, _ resolution: Int) throws {
    let planes = try square(name, resolution, .yuv420)
    let expected = try Fixture.bytes("jpeg/\(name).\(resolution).yuv")
    #expect(planes.count == expected.count && planes.count == PictureLayout.yuv420.byteCount(resolution: resolution))
    let differences = differences(planes, expected)
    #expect(differences[..<(resolution * resolution)].max() == 0)
    // Weights of 22 bits against those of 53.
    #expect(differences.max()! <= 1 && differences.filter { $0 > 0 }.count <= planes.count / 200)
  }

  @Test(arguments: cases)
  func `planes show the picture that RGB shows`(_ name: String, _ resolution: Int) throws {
    let planes = try square(name, resolution, .yuv420)
    let rgb = try Fixture.bytes("jpeg/\(name).\(resolution).rgb")
    let area = resolution * resolution
    let luma = (0..<area).map { i in
      (19595 * Int(rgb[i]) + 38470 * Int(rgb[area + i]) + 7471 * Int(rgb[2 * area + i]) + 32768) >> 16
    }
    let far = zip(planes, luma).filter { abs(Int($0) - $1) > 1 }.count
    #expect(far <= area / 1000, "\(far) of \(area) values of luma differ by more than 1")
  }

  @Test func `a file of the right size is copied as it is`() throws {
    let path = Fixture.path("jpeg/square.jpg")
    let planes = try SquareDecoder(resolution: 48, layout: .yuv420).picture(at: MediaLocation(path))
    let stored = try PictureDecoder(limits: MediaLimits()).decode(MediaLocation(path), for: .yuv420) {
      Fixture.planes(of: $0)
    }
    #expect(planes == stored)
  }

  @Test func `one decoder for many files gives what a fresh one gives`() throws {
    let decoder = SquareDecoder(resolution: 40, layout: .yuv420)
    let names = ["wide", "tiny", "full", "grey", "ink", "small", "progressive", "landscape"]
    let locations = (names + names.reversed()).map { MediaLocation(Fixture.path("jpeg/\($0).jpg")) }
    var fresh: [UInt8] = []
    for location in locations { fresh += try SquareDecoder(resolution: 40, layout: .yuv420).picture(at: location) }
    #expect(try decoder.pictures(at: locations) == fresh)
  }

  @Test(arguments: ["landscape", "progressive", "restarts", "full", "grey", "ink"])
  func `a cut JPEG is bad data, wherever it is cut`(_ name: String) throws {
    let whole = try Fixture.bytes("jpeg/\(name).jpg")
    let decoder = SquareDecoder(resolution: 32, layout: .yuv420)
    try Fixture.withFolder { folder in
      for cut in stride(from: 3, to: whole.count - 2, by: 41) {
        try Fixture.write(Array(whole[..<cut]), to: folder + "/cut.jpg")
        #expect("cut at \(cut)") { try decoder.picture(at: MediaLocation(folder + "/cut.jpg")) } throws: {
          let fault = $0 as? Fault
          return fault?.code == .badData && fault?.place == folder + "/cut.jpg"
        }
      }
      // The decoder is as good as new after that.
      let location = MediaLocation(Fixture.path("jpeg/\(name).jpg"))
      #expect(try decoder.picture(at: location) == SquareDecoder(resolution: 32, layout: .yuv420).picture(at: location))
    }
  }

  @Test func `a damaged JPEG is bad data, with libjpeg's reason`() throws {
    var bytes = try Fixture.bytes("jpeg/landscape.jpg")
    bytes.replaceSubrange(bytes.count / 2..<bytes.count / 2 + 2, with: [0xFF, 0xD4])  // a restart that is not due
    try Fixture.withFolder { folder in
      try Fixture.write(bytes, to: folder + "/a.jpg")
      for layout in [PictureLayout.rgb, .yuv420] {
        #expect {
          try SquareDecoder(resolution: 32, layout: layout).picture(at: MediaLocation(folder + "/a.jpg"))
        } throws: {
          let fault = $0 as? Fault
          return fault?.code == .badData
            && fault?.what.hasPrefix("Cannot decode the picture: Corrupt JPEG data") == true
        }
      }
    }
  }

  @Test func `a JPEG over the limit is refused before it is decoded`() throws {
    // The size in the header is made 60000 × 60000: the limit must speak, not the missing data.
    var bytes = try Fixture.bytes("jpeg/landscape.jpg")
    let frame = bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 }!
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xEA, 0x60, 0xEA, 0x60])
    try Fixture.withFolder { folder in
      try Fixture.write(bytes, to: folder + "/a.jpg")
      #expect {
        try SquareDecoder(resolution: 32, layout: .yuv420).picture(at: MediaLocation(folder + "/a.jpg"))
      } throws: {
        ($0 as? Fault)?.what == "A picture of 60000×60000, more than \(64 << 20) pixels"
      }
    }
  }

  @Test(arguments: [PictureLayout.rgb, .yuv420])
  func `parts of a file are files of their own`(_ layout: PictureLayout) throws {
    try Fixture.withFolder { folder in
      let decoder = SquareDecoder(resolution: 32, layout: layout)
      var archive = [UInt8](repeating: 7, count: 512)
      var members: [(location: MediaLocation, path: String)] = []
      for name in ["jpeg/portrait.jpg", "photo.webp", "jpeg/grey.jpg", "alpha.png"] {
        let bytes = try Fixture.bytes(name)
        members.append(
          (
            MediaLocation(folder + "/a.tar", offset: archive.count, byteCount: bytes.count), Fixture.path(name)
          ))
        archive += bytes + [UInt8](repeating: 0xFF, count: 100)
      }
      try Fixture.write(archive, to: folder + "/a.tar")
      for member in members {
        #expect(try decoder.picture(at: member.location) == decoder.picture(at: MediaLocation(member.path)))
      }
    }
  }

  @Test(arguments: [PictureLayout.rgb, .yuv420])
  func `a clip in a part of a file`(_ layout: PictureLayout) throws {
    try Fixture.withFolder { folder in
      try Fixture.greys(13, at: folder + "/clip.mp4")
      let bytes = try Fixture.read(folder + "/clip.mp4")
      try Fixture.write([UInt8](repeating: 1, count: 1000) + bytes + bytes, to: folder + "/a.tar")
      let decoder = SquareDecoder(resolution: 24, layout: layout)
      let part = MediaLocation(folder + "/a.tar", offset: 1000, byteCount: bytes.count)
      let clip = try decoder.clip(at: part, limit: 4)
      let alone = try decoder.clip(at: MediaLocation(folder + "/clip.mp4"), limit: 4)
      #expect(clip.indices == [0, 4, 8, 12] && alone.indices == clip.indices)
      #expect(clip.pictures == alone.pictures && clip.pictures.count == 4 * decoder.pictureByteCount)
      for (number, index) in clip.indices.enumerated() {
        let picture = clip.pictures[(number * decoder.pictureByteCount)...].prefix(decoder.pictureByteCount)
        #expect(picture.prefix(24 * 24).allSatisfy { abs(Int($0) - 16 * index) <= 4 })
        let colour: UInt8 = layout == .yuv420 ? 128 : UInt8(16 * index)
        #expect(picture.dropFirst(24 * 24).allSatisfy { abs(Int($0) - Int(colour)) <= 4 })
      }
    }
  }

  @Test func `frames as planes show what frames over RGB show`() throws {
    var image = RGBImage(width: 64, height: 48, red: 0, green: 0, blue: 0)
    for y in 0..<48 {
      for x in 0..<64 {
        let position = 3 * (64 * y + x)
        image.pixels[position] = UInt8(60 + 2 * x)
        image.pixels[position + 1] = UInt8(200 - 2 * y)
        image.pixels[position + 2] = UInt8(40 + x + 2 * y)
      }
    }
    try Fixture.withFolder { folder in
      for codec in VideoWriter.Codec.allCases {
        let path = folder + "/clip.mp4"
        let writer = try VideoWriter(
          path: path, configuration: .init(width: 64, height: 48, codec: codec), using: PixelConversion())
        for _ in 0..<3 { try writer.append(image) }
        try writer.finish()
        let planes = try SquareDecoder(resolution: 32, layout: .yuv420).clip(at: MediaLocation(path), limit: 1).pictures
        let rgb = try VideoFile(path: path).frames(limit: 1) { $0 }[0].frame
        let expected = Resizing.centreSquare(of: rgb, resolution: 32, layout: .yuv420)
        let differences = differences(planes, expected)
        #expect(differences[..<1024].max()! <= 2 && differences.max()! <= 3, "\(codec)")
      }
    }
  }

  @Test func `a part beyond the file names the file and the part`() throws {
    let path = Fixture.path("jpeg/grey.jpg")
    let byteCount = try Fixture.bytes("jpeg/grey.jpg").count
    let decoder = SquareDecoder(resolution: 32, layout: .yuv420)
    let parts: [(Int?, Int?)] = [
      (byteCount + 1, 0), (0, byteCount + 1), (10, byteCount - 9), (-1, 4), (4, -1), (.max, .max), (1, .max),
    ]
    for (offset, count) in parts {
      let location = MediaLocation(path, offset: offset, byteCount: count)
      let check: (any Error) -> Bool = {
        let fault = $0 as? Fault
        return fault?.code == .badData && fault?.place == "\(path), \(count!) bytes from byte \(offset!)"
          && fault?.what == "A part beyond the \(byteCount) bytes of its file"
      }
      #expect { try decoder.picture(at: location) } throws: { check($0) }
      #expect { try decoder.clip(at: location, limit: 2) } throws: { check($0) }
    }
  }
}
