import Testing

@testable import MediaDecoding

@Suite struct ResizerTests {
  /// Both passes written down plainly, by the weights of the filter.
  private func plain(_ image: RGBImage, _ columns: BicubicFilter, _ rows: BicubicFilter, channel: Int) -> [UInt8] {
    let across = rows.inputs.map { y in
      let line = columns.inputs.map { x in image.pixels[3 * (y * image.width + x) + channel] }
      return outputs(of: columns) { line[$0] }
    }
    let down = (0..<columns.axis.outputCount).map { x in outputs(of: rows) { across[$0][x] } }
    return (0..<rows.axis.outputCount).flatMap { y in down.map { $0[y] } }
  }

  private func outputs(of filter: BicubicFilter, input: (Int) -> UInt8) -> [UInt8] {
    (0..<filter.axis.outputCount).map { output in
      var sum = 1 << 21
      for k in 0..<filter.tapCount {
        sum += Int(filter.weights[output * filter.tapCount + k]) * Int(input(Int(filter.starts[output]) + k))
      }
      return UInt8(max(0, min(255, sum >> 22)))
    }
  }

  @Test(arguments: [(1, 1, 3), (3, 200, 17), (15, 16, 64), (64, 65, 65), (130, 70, 63), (141, 129, 100), (20, 17, 130)])
  func `the kernels equal both passes written down`(_ width: Int, _ height: Int, _ resolution: Int) {
    var image = RGBImage(width: width, height: height, red: 0, green: 0, blue: 0)
    var state: UInt32 = 1
    for position in image.pixels.indices {  // black and white dots: sums below 0 and above 255
      state = state &* 1_664_525 &+ 1_013_904_223
      image.pixels[position] = state >> 30 == 0 ? UInt8(state >> 16 & 0xFF) : state >> 31 == 0 ? 0 : 255
    }
    let geometry = SquareGeometry(width: width, height: height, resolution: resolution)
    let columns = BicubicFilter(geometry.across.filter)
    let rows = BicubicFilter(geometry.down.filter)
    let expected = (0..<3).flatMap { plain(image, columns, rows, channel: $0) }
    let resizer = Resizer()
    #expect(resizer.centreSquare(of: image, resolution: resolution) == expected)
    #expect(resizer.centreSquare(of: image, resolution: resolution) == expected)
  }

  @Test func `an axis that keeps its size is a copy, also of colour at an even start`() {
    func axis(_ inputCount: Int, _ outputCount: Int, scale: Double = 1, first: Double = 0) -> BicubicFilter.Axis {
      .init(inputCount: inputCount, outputCount: outputCount, scale: scale, first: first)
    }
    #expect(BicubicFilter(axis(8, 4, first: 2)).isCopy)
    #expect(BicubicFilter(axis(8, 4, first: 2)).inputs == 2..<6)
    #expect(!BicubicFilter(axis(8, 4, first: 2.5)).isCopy)
    #expect(!BicubicFilter(axis(8, 4, scale: 2)).isCopy)
  }

  @Test(arguments: [(1, 1), (2, 3), (5, 4), (64, 200), (301, 300)])
  func `weights sum to one, for every position of colour too`(_ width: Int, _ height: Int) {
    for resolution in [1, 2, 5, 32, 33, 300] {
      let geometry = SquareGeometry(width: width, height: height, resolution: resolution)
      for side in [geometry.across, geometry.down] {
        let luma = BicubicFilter(side.filter)
        #expect(side.sourceRange.clamped(to: luma.inputs) == luma.inputs)
        for distance in [0, -0.5, 0.5] {
          let filter = BicubicFilter(side.colourFilter(inputCount: (side.from + 1) / 2, distance: distance))
          #expect(
            side.sourceRange.lowerBound <= 2 * filter.inputs.lowerBound
              && side.sourceRange.upperBound >= min(side.from, 2 * filter.inputs.upperBound))
          #expect(filter.inputs.lowerBound >= 0 && filter.inputs.upperBound <= (side.from + 1) / 2)
          for output in 0..<filter.axis.outputCount {
            let weights = filter.weights[output * filter.tapCount..<(output + 1) * filter.tapCount]
            #expect(abs(weights.map(Int.init).reduce(0, +) - 1 << 22) <= filter.tapCount)
            let start = Int(filter.starts[output])
            #expect(start >= 0 && start + filter.tapCount <= filter.inputs.count)
          }
        }
      }
    }
  }

  @Test func `one colour stays one colour in luma and colour`() {
    let image = RGBImage(width: 7, height: 5, red: 255, green: 0, blue: 0)
    for resolution in [1, 2, 5, 16] {
      let half = (resolution + 1) / 2
      let planes = Resizing.centreSquare(of: image, resolution: resolution, layout: .yuv420)
      #expect(
        planes == [UInt8](repeating: 76, count: resolution * resolution) + [UInt8](repeating: 85, count: half * half)
          + [UInt8](repeating: 255, count: half * half))
    }
  }
}
