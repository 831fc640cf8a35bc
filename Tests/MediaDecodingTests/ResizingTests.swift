import Testing

@testable import MediaDecoding

@Suite struct ResizingTests {
  @Test(arguments: [(61, 43, 32), (40, 75, 48), (97, 64, 24), (24, 31, 24)])
  func `equals Pillow and torchvision byte for byte`(_ width: Int, _ height: Int, _ resolution: Int) throws {
    let image = try ImageFile(path: Fixture.path("resize_\(width)x\(height).png")).decode()
    #expect((image.width, image.height) == (width, height))
    let expected = try Fixture.bytes("resize_\(width)x\(height)_to_\(resolution).planes")
    let planes = Resizing.centreSquare(of: image, resolution: resolution)
    #expect(planes.count == expected.count)
    let different = zip(planes, expected).filter { $0 != $1 }.count
    #expect(different == 0, "\(different) of \(planes.count) bytes differ")
  }

  @Test func `one colour stays one colour at every size`() {
    let image = RGBImage(width: 7, height: 5, red: 200, green: 3, blue: 255)
    for resolution in [1, 2, 5, 16] {
      let planes = Resizing.centreSquare(of: image, resolution: resolution)
      let area = resolution * resolution
      #expect(
        planes == [UInt8](repeating: 200, count: area) + [UInt8](repeating: 3, count: area)
          + [UInt8](repeating: 255, count: area))
    }
  }

  @Test func `planes and pixels are the same picture`() {
    let image = RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
    #expect(image.planes == [1, 4, 2, 5, 3, 6])
    #expect(RGBImage(planes: image.planes, width: 2, height: 1) == image)
  }
}
