import Faults
import MediaDecoding
import ShardFormat

/// Samples side by side for the eye: a cell is a sample's product picture and then its frames, its id above them.
public struct ContactSheet {
  /// Cells of a row.
  public var columnCount: Int
  /// Side of a picture as drawn, in pixels.
  public var side: Int
  /// Frames of a cell at most, evenly chosen where a sample has more.
  public var frameLimit: Int

  static let gap = 3
  static let margin = 12
  /// Pixels between cells.
  static let space = 14
  static let captionHeight = BitmapFont.height + 4
  /// A larger sheet is no help to anyone, and its PNG takes gigabytes to make.
  public static let pixelLimit = 200_000_000

  public init(columnCount: Int = 1, side: Int, frameLimit: Int) {
    precondition(columnCount >= 1 && side >= 1 && frameLimit >= 0, "a sheet of \(columnCount) columns of \(side)")
    (self.columnCount, self.side, self.frameLimit) = (columnCount, side, frameLimit)
  }

  private var cellWidth: Int { side * (1 + frameLimit) + ContactSheet.gap * frameLimit }
  private var cellHeight: Int { side + ContactSheet.captionHeight }

  /// Width and height for `count` samples.
  public func size(count: Int) -> (width: Int, height: Int) {
    let columns = min(columnCount, max(1, count))
    let rows = (max(1, count) + columns - 1) / columns
    return (
      2 * ContactSheet.margin + columns * cellWidth + (columns - 1) * ContactSheet.space,
      2 * ContactSheet.margin + rows * cellHeight + (rows - 1) * ContactSheet.space
    )
  }

  /// Draws the samples of these numbers, in this order, along the rows.
  ///
  /// Throws `Fault(.usage)` for more than `pixelLimit` pixels, and what reading throws.
  public func picture(of numbers: [Int], in set: ShardSet) throws -> RGBImage {
    let (width, height) = size(count: numbers.count)
    guard width <= ContactSheet.pixelLimit / height else {
      throw Fault(
        .usage, "A sheet of \(width)×\(height) pixels, more than \(ContactSheet.pixelLimit)",
        remedy: "Draw fewer samples, or smaller ones with --side")
    }
    var sheet = RGBImage(width: width, height: height, red: 255, green: 255, blue: 255)
    let decoder = ShardDecoder()
    for (place, number) in numbers.enumerated() {
      let sample = try set.read(at: number, using: decoder)
      let left = ContactSheet.margin + place % columnCount * (cellWidth + ContactSheet.space)
      let top = ContactSheet.margin + place / columnCount * (cellHeight + ContactSheet.space)
      let caption = "\(number)  \(sample.clipID.isEmpty ? sample.imageID : sample.clipID)"
      BitmapFont.draw(
        BitmapFont.fitted(caption, width: cellWidth), into: &sheet, left: left, top: top, shade: 60)
      for (slot, picture) in pictures(of: sample, resolution: set.configuration.resolution).enumerated() {
        sheet.draw(picture, left: left + slot * (side + ContactSheet.gap), top: top + ContactSheet.captionHeight)
      }
    }
    return sheet
  }

  private func pictures(of sample: Sample, resolution: Int) -> [RGBImage] {
    let area = 3 * resolution * resolution
    let shown = min(frameLimit, sample.frameCount)
    let frames = (0..<shown).map { shown < 2 ? 0 : $0 * (sample.frameCount - 1) / (shown - 1) }
    let planes = [sample.image] + frames.map { Array(sample.frames[$0 * area..<($0 + 1) * area]) }
    return planes.map {
      let picture = RGBImage(planes: $0, width: resolution, height: resolution)
      return side == resolution ? picture : Resizing.resize(picture, width: side, height: side)
    }
  }
}

extension RGBImage {
  /// Copies `picture`, which must fit, to (`left`, `top`).
  mutating func draw(_ picture: RGBImage, left: Int, top: Int) {
    precondition(left >= 0 && top >= 0 && left + picture.width <= width && top + picture.height <= height)
    for row in 0..<picture.height {
      let start = 3 * ((top + row) * width + left)
      let source = 3 * row * picture.width
      pixels.replaceSubrange(
        start..<start + 3 * picture.width, with: picture.pixels[source..<source + 3 * picture.width])
    }
  }

  /// Every pixel as a square of `zoom` × `zoom`.
  func zoomed(_ zoom: Int) -> RGBImage {
    precondition(zoom >= 1, "a zoom of \(zoom)")
    guard zoom > 1 else { return self }
    var result = RGBImage(width: width * zoom, height: height * zoom, red: 0, green: 0, blue: 0)
    for y in 0..<result.height {
      for x in 0..<result.width {
        for channel in 0..<3 {
          result.pixels[3 * (y * result.width + x) + channel] = pixels[3 * (y / zoom * width + x / zoom) + channel]
        }
      }
    }
    return result
  }
}
