import Faults
import Testing

@testable import MediaDecoding

/// Our decoder of plain JPEG files against libjpeg-turbo's.
@Suite struct BaselineJPEGTests {
  private func own(_ bytes: [UInt8]) -> [UInt8]? {
    bytes.withUnsafeBufferPointer { bytes in
      let memory = ScratchBuffer()
      return BaselineJPEG(bytes).flatMap {
        BaselineJPEGDecoder().decode($0, of: bytes, lines: 0..<$0.height, into: memory)
      }
      .map { Fixture.planes(of: $0) }
    }
  }

  private func libjpeg(_ bytes: [UInt8]) throws -> [UInt8] {
    try bytes.withUnsafeBufferPointer { bytes in
      let decoder = JPEGDecoder()
      guard let header = try decoder.header(of: bytes) else { return [] }
      return Fixture.planes(of: try decoder.allPlanes(header, of: bytes))
    }
  }

  @Test(arguments: ["landscape", "portrait", "square", "tall", "small", "wide", "tiny"])
  func `planes equal libjpeg-turbo's`(_ name: String) throws {
    let bytes = try Fixture.bytes("jpeg/\(name).jpg")
    let planes = try #require(own(bytes))
    #expect(try planes == libjpeg(bytes))
  }

  @Test(arguments: [2, 9, 31])
  func `sharp pictures at every quality, with codes of all lengths`(_ quantiser: Int) throws {
    var image = RGBImage(width: 150, height: 83, red: 0, green: 0, blue: 0)
    var state: UInt32 = 5
    for position in image.pixels.indices {
      state = state &* 1_664_525 &+ 1_013_904_223
      image.pixels[position] = position / 3 % 150 < 75 ? UInt8(state >> 24) : position / 1350 % 2 == 0 ? 0 : 255
    }
    let bytes = try StillEncoder.jpeg(image, quantiser: quantiser)
    let planes = try #require(own(bytes))
    #expect(try planes == libjpeg(bytes))
  }

  @Test(arguments: [(33, 400, 16), (33, 401, 32), (33, 400, 47), (400, 33, 20), (64, 90, 100)])
  func `lines outside of the square are not missed`(_ width: Int, _ height: Int, _ resolution: Int) throws {
    var image = RGBImage(width: width, height: height, red: 0, green: 0, blue: 0)
    for position in image.pixels.indices { image.pixels[position] = UInt8(position / 3 * 7919 % 251) }
    let bytes = try StillEncoder.jpeg(image)
    let expected = try bytes.withUnsafeBufferPointer { bytes in
      let decoder = JPEGDecoder()
      let header = try #require(try decoder.header(of: bytes))
      let planes = try decoder.allPlanes(header, of: bytes)
      return [UInt8](unsafeUninitializedCapacity: PictureLayout.yuv420.byteCount(resolution: resolution)) {
        Resizer().centreSquare(of: planes, resolution: resolution, layout: .yuv420, into: $0.baseAddress!)
        $1 = $0.count
      }
    }
    try Fixture.withFolder { folder in
      try Fixture.write(bytes, to: folder + "/a.jpg")
      let decoder = SquareDecoder(resolution: resolution, layout: .yuv420)
      #expect(try decoder.picture(at: MediaLocation(folder + "/a.jpg")) == expected)
    }
  }

  @Test(arguments: ["progressive", "restarts", "full", "half", "grey", "ink"])
  func `other kinds of file are left to libjpeg-turbo`(_ name: String) throws {
    #expect(own(try Fixture.bytes("jpeg/\(name).jpg")) == nil)
  }

  @Test func `cut files are left to libjpeg-turbo, wherever they are cut`() throws {
    let whole = try Fixture.bytes("jpeg/landscape.jpg")
    for cut in stride(from: 0, to: whole.count, by: 7) { #expect(own(Array(whole[..<cut])) == nil, "cut at \(cut)") }
  }

  @Test func `flipped bits are refused, or decoded where libjpeg-turbo finds nothing wrong either`() throws {
    let whole = try Fixture.bytes("jpeg/portrait.jpg")
    var (refusedCount, equalCount, differentCount) = (0, 0, 0)
    // From behind JFIF's header on, whose version libjpeg-turbo minds.
    for position in stride(from: 20, to: whole.count, by: 3) {
      var bytes = whole
      bytes[position] ^= 1 << (position % 8)
      guard let planes = own(bytes) else {
        refusedCount += 1
        continue
      }
      let expected = try libjpeg(bytes)
      #expect(planes.count == expected.count)
      if planes == expected { equalCount += 1 } else { differentCount += 1 }
    }
    // Levels far outside 0 … 255 overflow libjpeg-turbo's 16 bits in its own way; all others are equal.
    #expect(refusedCount > 20 && equalCount > 3 * differentCount, "\(refusedCount), \(equalCount), \(differentCount)")
  }
}
