/// Pictures to the square a model sees, by the numbers of the Python world (Pillow and torchvision).
public enum Resizing {
  /// The short side to `resolution` by Pillow's antialiased bicubic, then the centre square: `[3, R, R]` planes.
  ///
  /// The long side becomes `int(R · long / short)` (torchvision's `Resize`), the crop starts at `round((side − R) / 2)`
  /// with halves to even (`CenterCrop`). Bytes equal Pillow's: the same filter (a = −0.5, its support widened when
  /// shrinking), weights rounded to 22 bits, across first and rounded to bytes between the passes.
  public static func centreSquare(of image: RGBImage, resolution: Int) -> [UInt8] {
    precondition(resolution > 0, "a resolution of \(resolution)")
    let short = min(image.width, image.height)
    let width = image.width == short ? resolution : resolution * image.width / short
    let height = image.height == short ? resolution : resolution * image.height / short
    let columns = BicubicFilter(from: image.width, to: width, window: crop(of: width, to: resolution))
    let rows = BicubicFilter(from: image.height, to: height, window: crop(of: height, to: resolution))
    return planes(of: image, columns: columns, rows: rows)
  }

  /// The whole picture at another size by the same filter.
  public static func resize(_ image: RGBImage, width: Int, height: Int) -> RGBImage {
    precondition(width > 0 && height > 0, "a picture of \(width)×\(height)")
    let columns = BicubicFilter(from: image.width, to: width, window: 0..<width)
    let rows = BicubicFilter(from: image.height, to: height, window: 0..<height)
    return RGBImage(planes: planes(of: image, columns: columns, rows: rows), width: width, height: height)
  }

  private static func crop(of side: Int, to resolution: Int) -> Range<Int> {
    let start = Int((Double(side - resolution) / 2).rounded(.toNearestOrEven))
    return start..<start + resolution
  }

  /// Across, then down; only the rows and columns that the window needs.
  private static func planes(of image: RGBImage, columns: BicubicFilter, rows: BicubicFilter) -> [UInt8] {
    let (width, height) = (columns.taps.count, rows.taps.count)
    let needed = rows.taps.map(\.start).min()!..<rows.taps.map { $0.start + $0.count }.max()!
    let across = across(image, columns, needed)
    return [UInt8](unsafeUninitializedCapacity: 3 * width * height) { output, count in
      across.withUnsafeBufferPointer { input in
        rows.weights.withUnsafeBufferPointer { weights in
          withUnsafeTemporaryAllocation(of: Int32.self, capacity: width) { sums in
            for channel in 0..<3 {
              let plane = input.baseAddress! + channel * width * needed.count
              for (y, tap) in rows.taps.enumerated() {
                sums.update(repeating: BicubicFilter.half)
                for k in 0..<tap.count {
                  let weight = weights.baseAddress![tap.offset + k]
                  let line = plane + width * (tap.start - needed.lowerBound + k)
                  for x in 0..<width { sums.baseAddress![x] &+= weight &* Int32(line[x]) }
                }
                let target = output.baseAddress! + (channel * height + y) * width
                for x in 0..<width { target[x] = BicubicFilter.byte(sums.baseAddress![x]) }
              }
            }
          }
        }
      }
      count = 3 * width * height
    }
  }

  /// The rows `needed`, each at its new width, rounded to bytes: `[3, rows, width]`.
  private static func across(_ image: RGBImage, _ columns: BicubicFilter, _ needed: Range<Int>) -> [UInt8] {
    let width = columns.taps.count
    let area = width * needed.count
    return [UInt8](unsafeUninitializedCapacity: 3 * area) { output, count in
      image.pixels.withUnsafeBufferPointer { input in
        columns.weights.withUnsafeBufferPointer { weights in
          columns.taps.withUnsafeBufferPointer { taps in
            for row in needed {
              let line = input.baseAddress! + 3 * image.width * row
              let target = output.baseAddress! + width * (row - needed.lowerBound)
              for x in 0..<width {
                let tap = taps.baseAddress![x]
                var (red, green, blue) = (BicubicFilter.half, BicubicFilter.half, BicubicFilter.half)
                var pixel = line + 3 * tap.start
                var weight = weights.baseAddress! + tap.offset
                for _ in 0..<tap.count {
                  red &+= weight.pointee &* Int32(pixel[0])
                  green &+= weight.pointee &* Int32(pixel[1])
                  blue &+= weight.pointee &* Int32(pixel[2])
                  pixel += 3
                  weight += 1
                }
                target[x] = BicubicFilter.byte(red)
                target[area + x] = BicubicFilter.byte(green)
                target[2 * area + x] = BicubicFilter.byte(blue)
              }
            }
          }
        }
      }
      count = 3 * area
    }
  }
}
