/// How a picture becomes a square: the short side to R, then the R samples in the middle of the long one.
struct SquareGeometry {
  /// One side of the picture: `from` samples become `to`, of which `start ..< start + resolution` are kept.
  struct Side {
    var from: Int
    var to: Int
    var start: Int
    var resolution: Int

    /// The samples that the outputs of `filter` and of any `colourFilter` are made of, and some more.
    var sourceRange: Range<Int> {
      let scale = Double(from) / Double(to)
      let reach = 4 * max(scale, 1) + 4  // two samples of colour on either side are four of luma
      let lower = max(0, Int(Double(start) * scale - reach))
      return min(lower, from - 1)..<min(from, Int(Double(start + resolution) * scale + reach) + 1)
    }

    var filter: BicubicFilter.Axis {
      .init(inputCount: from, outputCount: resolution, scale: Double(from) / Double(to), first: Double(start))
    }

    /// The same for a plane that has `inputCount` samples, one for two of luma and `distance` from their middle.
    ///
    /// Output j stands for luma start + 2j and the next, whose middle is at (start + 2j + 1) · from / to of the source.
    func colourFilter(inputCount: Int, distance: Double) -> BicubicFilter.Axis {
      .init(
        inputCount: inputCount, outputCount: (resolution + 1) / 2, scale: Double(from) / Double(to),
        first: Double(start) / 2, shift: -distance / 2)
    }
  }

  var across: Side
  var down: Side

  /// torchvision's `Resize` makes the long side `int(R · long / short)`; its `CenterCrop` starts at
  /// `round((side − R) / 2)`, halves to even.
  init(width: Int, height: Int, resolution: Int) {
    precondition(width > 0 && height > 0 && resolution > 0, "\(width)×\(height) to \(resolution)")
    let short = min(width, height)
    func side(_ length: Int) -> Side {
      let to = length == short ? resolution : resolution * length / short
      let start = Int((Double(to - resolution) / 2).rounded(.toNearestOrEven))
      return Side(from: length, to: to, start: start, resolution: resolution)
    }
    across = side(width)
    down = side(height)
  }
}
