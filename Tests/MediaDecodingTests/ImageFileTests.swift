import Faults
import Testing

@testable import MediaDecoding

@Suite struct ImageFileTests {
  @Test(arguments: ["photo.webp", "alpha.png", "grey.png", "palette.png"])
  func `pictures without loss equal Pillow's`(_ name: String) throws {
    let image = try ImageFile(path: Fixture.path(name)).decode()
    let expected = try Fixture.bytes(name + ".rgb")
    #expect(zip(image.pixels, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    #expect(image.pixels.count == expected.count)
  }

  @Test func `a JPEG is within a few levels of Pillow's`() throws {
    let image = try ImageFile(path: Fixture.path("photo.jpg")).decode()
    let expected = try Fixture.bytes("photo.jpg.rgb")
    let differences = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }
    #expect(differences.max()! <= 4)
  }

  @Test func `PNG comes back exactly, JPEG nearly`() throws {
    var image = RGBImage(width: 33, height: 17, red: 200, green: 40, blue: 90)
    for x in 0..<33 * 17 { image.pixels[3 * x + 1] = UInt8(x % 33 * 6) }
    try Fixture.withFolder { folder in
      try Fixture.write(try StillEncoder.png(image), to: folder + "/a.png")
      #expect(try ImageFile(path: folder + "/a.png").decode() == image)
      try Fixture.write(try StillEncoder.jpeg(image, quantiser: 2), to: folder + "/a.jpg")
      let lossy = try ImageFile(path: folder + "/a.jpg").decode()
      let error = zip(lossy.pixels, image.pixels).map { abs(Int($0) - Int($1)) }.reduce(0, +)
      #expect(Double(error) / Double(image.pixels.count) < 6)
    }
  }

  @Test func `a missing file, a text file and an empty file say what they are`() throws {
    try Fixture.withFolder { folder in
      #expect { try ImageFile(path: folder + "/none.jpg").decode() } throws: { ($0 as? Fault)?.code == .inputMissing }
      try Fixture.write(Array("not a picture".utf8), to: folder + "/a.jpg")
      #expect { try ImageFile(path: folder + "/a.jpg").decode() } throws: {
        let fault = $0 as? Fault
        return fault?.code == .badData && fault?.place == folder + "/a.jpg"
          && fault?.what == "Not a JPEG, PNG, WebP or BMP picture"
      }
      try Fixture.write([], to: folder + "/b.jpg")
      #expect { try ImageFile(path: folder + "/b.jpg").decode() } throws: { ($0 as? Fault)?.what == "An empty file" }
      #expect { try ImageFile(path: folder).decode() } throws: { ($0 as? Fault)?.what == "Not a regular file" }
    }
  }

  @Test(arguments: ["alpha.png", "photo.webp", "photo.jpg", "palette.png", "photo.bmp"])
  func `cut or flipped bytes are a fault or a picture, never a trap`(_ name: String) throws {
    let whole = try Fixture.bytes(name)
    try Fixture.withFolder { folder in
      for cut in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
        try Fixture.write(Array(whole[..<cut]), to: folder + "/cut")
        do { _ = try ImageFile(path: folder + "/cut").decode() } catch let fault as Fault {
          #expect(fault.code == .badData && fault.place == folder + "/cut")
        }
        var flipped = whole
        flipped[cut] ^= 0x41
        try Fixture.write(flipped, to: folder + "/flipped")
        do { _ = try ImageFile(path: folder + "/flipped").decode() } catch let fault as Fault {
          #expect(fault.code == .badData)
        }
      }
    }
  }

  @Test func `a picture over the limit is refused`() throws {
    let limits = MediaLimits(maximumPixelCount: 100)
    #expect { try ImageFile(path: Fixture.path("alpha.png"), limits: limits).decode() } throws: {
      ($0 as? Fault)?.code == .badData
    }
    let small = MediaLimits(maximumPictureByteCount: 10)
    #expect { try ImageFile(path: Fixture.path("alpha.png"), limits: small).decode() } throws: {
      ($0 as? Fault)?.what.contains("more than 10") == true
    }
  }
}
