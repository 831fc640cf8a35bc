/// How the values of a parameter are made of tensors of a file.
public enum WeightRecipe: Equatable, Sendable {
  /// The tensor as it is.
  case copy(String)
  /// Tensors of one shape, one behind the other along the first axis, as `in_proj` packs the projections of query, key and value.
  case stack([String])
  /// The matrix with rows and columns exchanged.
  case transpose(String)
  /// The first `count` rows of a table.
  case firstRows(String, count: Int)
  /// Positions of a class token and a square of patches, (1 + from², width), interpolated to (1 + to², width).
  case positions(String, from: Int, to: Int)
}

extension WeightRecipe {
  /// The tensors that it reads.
  public var sources: [String] {
    switch self {
    case .copy(let name), .transpose(let name), .firstRows(let name, _), .positions(let name, _, _): [name]
    case .stack(let names): names
    }
  }

  /// The shape of the result; nil where the tensors do not suit the recipe.
  ///
  /// - Parameter shapes: those of `sources`, in their order.
  func shape(of shapes: [[Int]]) -> [Int]? {
    let first = shapes[0]
    switch self {
    case .copy: return first
    case .stack:
      // What packs into one matrix is equally large.
      guard !first.isEmpty, shapes.allSatisfy({ $0 == first }) else { return nil }
      let (rows, overflow) = first[0].multipliedReportingOverflow(by: shapes.count)
      return overflow ? nil : [rows] + first.dropFirst()
    case .transpose: return first.count == 2 ? first.reversed() : nil
    case .firstRows(_, let count): return first.count == 2 && first[0] >= count ? [count, first[1]] : nil
    case .positions(_, let from, let to):
      return first.count == 2 && first[0] == 1 + from * from ? [1 + to * to, first[1]] : nil
    }
  }

  /// Writes the values, in row-major order; `read` gives a tensor's. Shapes have been checked (`shape(of:)`).
  func write(
    into values: UnsafeMutableBufferPointer<Float>, shapes: [[Int]], read: (String) throws -> [Float]
  ) throws {
    var start = 0
    for (name, shape) in zip(sources, shapes) {
      let tensor = try read(name)
      switch self {
      case .copy, .stack:
        _ = UnsafeMutableBufferPointer(rebasing: values[start..<start + tensor.count]).update(fromContentsOf: tensor)
        start += tensor.count
      case .firstRows: _ = values.update(fromContentsOf: tensor[..<values.count])
      case .transpose:
        let (rows, columns) = (shape[0], shape[1])
        for row in 0..<rows {
          for column in 0..<columns { values[column * rows + row] = tensor[row * columns + column] }
        }
      case .positions(_, let from, let to):
        let grid = PositionGrid(values: tensor, side: from, width: shape[1])
        _ = values.update(fromContentsOf: grid.resized(to: to).values)
      }
    }
  }
}
