import TensorCore

/// The scores of some heads at once in scratch memory, (heads, queries, keys).
struct AttentionScores {
  /// What they may take: enough heads to fill any GPU.
  static let budget = 256 << 20
  /// Heads along the z axis of a launch, at most.
  private static let mostHeads = 65_535
  /// Rows and columns of a block of the products.
  private static let tile = 64

  let shape: AttentionShape
  let rowType: DType
  /// Of the scores.
  let type: DType
  private let headsAtOnce: Int

  /// - Parameter matrices: that are needed of each head's scores, and share the budget.
  init(_ shape: AttentionShape, _ rowType: DType, matrices: Int, budget: Int) {
    self.shape = shape
    self.rowType = rowType
    type = rowType == .float64 ? .float64 : .float32
    let fitting = budget / max(1, matrices * shape.queries * shape.keys * type.byteCount)
    headsAtOnce = max(1, min(shape.headCount, fitting, Self.mostHeads))
  }

  /// Of one matrix of scores of every head at once.
  var byteCount: Int { min(headsAtOnce, shape.headCount) * shape.queries * shape.keys * type.byteCount }
  var scale: Double { 1 / Double(shape.width).squareRoot() }

  func forEachPart(_ body: (Range<Int>) -> Void) {
    for first in stride(from: 0, to: shape.headCount, by: headsAtOnce) {
      body(first..<min(first + headsAtOnce, shape.headCount))
    }
  }

  func productShape(rows: Int, columns: Int, _ part: Range<Int>) -> LaunchShape {
    var result = LaunchShape(blocks: 1, threads: 256)
    result.blocks = ((columns + Self.tile - 1) / Self.tile, (rows + Self.tile - 1) / Self.tile, part.count)
    return result
  }

  func sizeArguments(_ part: Range<Int>) -> [KernelArgument] {
    [.count(part.lowerBound), .count(shape.heads), .count(shape.queries), .count(shape.keys), .count(shape.width)]
  }

  func number(_ x: Double) -> KernelArgument { type == .float64 ? .double(x) : .float(Float(x)) }
}
