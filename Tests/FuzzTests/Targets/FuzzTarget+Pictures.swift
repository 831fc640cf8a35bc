import Faults

@testable import MediaDecoding

extension FuzzTarget {
  /// A JPEG file. What our decoder of plain files takes, libjpeg-turbo must take with the same pixels.
  static let jpeg = FuzzTarget(name: "jpeg") {
    try [(16, 16, 2), (33, 18, 6), (24, 40, 31)].map { width, height, quantiser in
      var image = RGBImage(width: width, height: height, red: 90, green: 10, blue: 200)
      for position in image.pixels.indices where position % 7 < 3 {
        image.pixels[position] = UInt8(truncatingIfNeeded: position * 2654 / 3)
      }
      return try StillEncoder.jpeg(image, quantiser: quantiser)
    }
  } parse: { bytes in
    try bytes.withUnsafeBufferPointer { bytes in
      do {
        let decoder = JPEGDecoder()
        guard let header = try decoder.header(of: bytes) else { throw Fault(.badData, "Not for libjpeg-turbo") }
        // As a production limit does, so that a few bytes do not cost seconds.
        guard header.width <= (1 << 16) / header.height, header.hasPlanes else { throw Fault(.badData, "Not planes") }
        let memory = ScratchBuffer()
        let own = BaselineJPEG(bytes).flatMap { picture -> [UInt8]? in
          guard picture.width == header.width, picture.height == header.height else { return nil }
          return BaselineJPEGDecoder().decode(picture, of: bytes, lines: 0..<picture.height, into: memory)
            .map(samples)
        }
        let reference: PixelView
        do { reference = try decoder.allPlanes(header, of: bytes) } catch {
          try Finding.unless(own == nil, "libjpeg-turbo refuses what our decoder takes: \(error)")
          throw error
        }
        try Finding.unless(own == nil || own == samples(reference), "other pixels than libjpeg-turbo's")
      } catch let failure as MediaFailure {
        throw Fault(failure.code, failure.what)
      }
    }
  }

  /// The samples of all planes, row after row.
  private static func samples(_ view: PixelView) -> [UInt8] {
    func rows(_ plane: PlaneView) -> [UInt8] {
      (0..<plane.height).flatMap { UnsafeBufferPointer(start: plane.base + $0 * plane.stride, count: plane.width) }
    }
    switch view {
    case .rgb(let plane): return rows(plane)
    case .yuv420(let luma, let colour, _): return rows(luma) + (colour.map { rows($0.0) + rows($0.1) } ?? [])
    }
  }
}
