import Faults
import MediaDecoding
import ShardFormat
import Testing

@testable import ShardReports

@Suite struct ContactSheetTests {
  private func made(_ count: Int) throws -> (folder: TemporaryFolder, set: ShardSet) {
    let folder = try TemporaryFolder()
    try SetFixture.build(folder.path, count: count)
    return (folder, try ShardSet(folder: folder.path))
  }

  @Test func cellsAreWhereTheyBelong() throws {
    let (folder, set) = try made(12)
    defer { _ = folder }
    let sheet = ContactSheet(columnCount: 2, side: SetFixture.resolution, frameLimit: 4)
    let numbers = [3, 0, 5]
    let picture = try sheet.picture(of: numbers, in: set)
    #expect((picture.width, picture.height) == sheet.size(count: 3))
    let side = SetFixture.resolution
    let cellWidth = 5 * side + 4 * ContactSheet.gap
    for (place, number) in numbers.enumerated() {
      let left = ContactSheet.margin + place % 2 * (cellWidth + ContactSheet.space)
      let top =
        ContactSheet.margin + place / 2 * (side + ContactSheet.captionHeight + ContactSheet.space)
        + ContactSheet.captionHeight
      let sample = try set.read(at: number, using: ShardDecoder())
      let area = 3 * side * side
      let pictures = [sample.image] + (0..<sample.frameCount).map { Array(sample.frames[$0 * area..<($0 + 1) * area]) }
      for (slot, planes) in pictures.enumerated() {
        let found = picture.part(left: left + slot * (side + ContactSheet.gap), top: top, width: side, height: side)
        #expect(found.planes == planes, "picture \(slot) of sample \(number)")
      }
    }
  }

  @Test func picturesAreDrawnSmaller() throws {
    let (folder, set) = try made(3)
    defer { _ = folder }
    let sheet = ContactSheet(side: 4, frameLimit: 1)
    let picture = try sheet.picture(of: [0, 1, 2], in: set)
    #expect(picture.width == 2 * ContactSheet.margin + 2 * 4 + ContactSheet.gap)
  }

  @Test func anEnormousSheetIsRefused() throws {
    let (folder, set) = try made(2)
    defer { _ = folder }
    let sheet = ContactSheet(columnCount: 100, side: 1024, frameLimit: 512)
    let numbers = [Int](repeating: 0, count: 200)
    let fault = #expect(throws: Fault.self) { try sheet.picture(of: numbers, in: set) }
    #expect(fault?.code == .usage)
  }

  @Test func lettersAreDrawnAndKeptInside() {
    var picture = RGBImage(width: 20, height: 10, red: 255, green: 255, blue: 255)
    BitmapFont.draw("I鞋 beyond the edge", into: &picture, left: 0, top: 0)
    let letter = picture.part(left: 0, top: 0, width: 5, height: 8)
    let dark = letter.pixels.enumerated().filter { $0.offset % 3 == 0 && $0.element == 0 }.count
    #expect(dark == 7 + 4)  // an upright and two serifs
    #expect(BitmapFont.fitted("7b601b02-2c63-0081", width: 60) == "..c63-0081")
    #expect(BitmapFont.fitted("short", width: 60) == "short")
  }
}

extension RGBImage {
  func part(left: Int, top: Int, width: Int, height: Int) -> RGBImage {
    var part: [UInt8] = []
    for row in top..<top + height {
      let start = 3 * (row * self.width + left)
      part += pixels[start..<start + 3 * width]
    }
    return RGBImage(width: width, height: height, pixels: part)
  }
}
