/// Positional embeddings of a class token and, row by row, of a square of patches: (1 + side², width).
struct PositionGrid: Equatable {
  let values: [Float]
  let side: Int
  let width: Int

  init(values: [Float], side: Int, width: Int) {
    precondition(values.count == (1 + side * side) * width, "\(values.count) positions for a grid of \(side)")
    (self.values, self.side, self.width) = (values, side, width)
  }

  /// The same function of the place on another grid: patches by bicubic interpolation between the centres of patches
  /// (a = −0.75, borders repeated), the class token's row as it is. PyTorch's `interpolate(mode="bicubic",
  /// align_corners=False)`, which `transformers` uses for pictures of another size.
  func resized(to newSide: Int) -> PositionGrid {
    guard newSide != side else { return self }
    let taps = (0..<newSide).map { CubicTaps(at: $0, of: newSide, among: side) }
    var result = Array(values[..<width])
    result.reserveCapacity((1 + newSide * newSide) * width)
    for row in taps {
      for column in taps {
        for channel in 0..<width {
          var sum: Float = 0
          for (y, rowWeight) in zip(row.places, row.weights) {
            var line: Float = 0
            for (x, weight) in zip(column.places, column.weights) {
              line += weight * values[(1 + y * side + x) * width + channel]
            }
            sum += rowWeight * line
          }
          result.append(sum)
        }
      }
    }
    return PositionGrid(values: result, side: newSide, width: width)
  }
}

/// The four old places that a new one is made of, and their weights.
private struct CubicTaps {
  let places: [Int]
  let weights: [Float]

  init(at index: Int, of newCount: Int, among count: Int) {
    let place = (Double(index) + 0.5) * Double(count) / Double(newCount) - 0.5
    let whole = place.rounded(.down)
    let fraction = place - whole
    places = (-1...2).map { min(max(Int(whole) + $0, 0), count - 1) }
    weights = [1 + fraction, fraction, 1 - fraction, 2 - fraction].map { Float(CubicTaps.weight(distance: $0)) }
  }

  /// Keys' cubic kernel (1981) with a = −0.75.
  private static func weight(distance x: Double) -> Double {
    let a = -0.75
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
  }
}
