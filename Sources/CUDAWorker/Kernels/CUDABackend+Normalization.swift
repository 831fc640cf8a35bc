import CNVIDIA
import TensorCore

// Layer norm.

extension CUDABackend {
  public func layerNorm(
    _ x: Tensor, adding update: Tensor?, gamma: Tensor, beta: Tensor, epsilon: Double, sum: Tensor, into result: Tensor,
    mean: Tensor, inverseDeviation: Tensor
  ) {
    precondition(update != nil || sum.device == x.device, "a sum of one tensor")
    requireNormFormat(
      x, of: gamma, beta, sum, mean, inverseDeviation, orRounded: [result] + (update.map { [$0] } ?? []))
    let (rows, width) = (x.rowCount, x.columnCount)
    var arguments: [KernelArgument] = [
      .tensor(x), .tensor(update), .isBFloat16(update), .tensor(gamma), .tensor(beta),
      .real(epsilon, like: x), .tensor(sum), .tensor(result),
      .isBFloat16(result), .tensor(mean), .tensor(inverseDeviation), .count(rows),
    ]
    let isKept = CUDABackend.keepsRows(of: width, [x, gamma, beta, sum, result] + (update.map { [$0] } ?? []))
    if !isKept { arguments.append(.count(width)) }
    launch("layer_norm_\(isKept ? "\(width)_" : "")\(x.dtype.suffix)", normShape(rows), arguments)
  }

  public func normalize(
    _ x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, inverseDeviation: Tensor, into result: Tensor
  ) {
    requireNormFormat(x, of: gamma, beta, mean, inverseDeviation, orRounded: [result])
    launch(
      "normalize_\(x.dtype.suffix)", normShape(x.rowCount),
      [
        .tensor(x), .tensor(gamma), .tensor(beta), .tensor(mean), .tensor(inverseDeviation), .tensor(result),
        .isBFloat16(result), .count(x.rowCount), .count(x.columnCount),
      ])
  }

  public func layerNormBackward(
    _ x: Tensor, gamma: Tensor, mean: Tensor, inverseDeviation: Tensor, dy: Tensor, adding addend: Tensor?,
    into dx: Tensor, dGamma: Tensor, dBeta: Tensor
  ) {
    requireNormFormat(x, of: gamma, mean, inverseDeviation, addend ?? dx, dx, dGamma, dBeta, orRounded: [dy])
    let (rows, width) = (x.rowCount, x.columnCount)
    guard rows > 0, width > 0 else { return }
    let isKept = CUDABackend.keepsRows(of: width, [x, gamma, dy, dx] + (addend.map { [$0] } ?? []))
    // Columns first: dx is written last, whatever it shares its memory with.
    let partials =
      isKept
      ? layerNormBackwardKept(x, gamma: gamma, mean: mean, inverseDeviation: inverseDeviation, dy: dy, addend, into: dx)
      : layerNormBackwardColumns(x, mean: mean, inverseDeviation: inverseDeviation, dy: dy)
    launch(
      "layer_norm_add_partials_\(x.dtype.suffix)",
      LaunchShape(blocks: (2 * width).partCount(of: CUDABackend.partialColumns), threads: 256),
      [.tensor(partials), .count(partials.rowCount), .count(width), .tensor(dGamma), .tensor(dBeta)])
    if isKept { return }
    launch(
      "layer_norm_backward_\(dy.dtype.suffix)", normShape(rows),
      [
        .tensor(x), .tensor(gamma), .tensor(mean), .tensor(inverseDeviation), .tensor(dy), .tensor(addend),
        .tensor(dx), .count(rows), .count(width),
      ])
  }

  /// dx, and the sums of every block for dγ and dβ: (blocks, 2·width).
  private func layerNormBackwardKept(
    _ x: Tensor, gamma: Tensor, mean: Tensor, inverseDeviation: Tensor, dy: Tensor, _ addend: Tensor?, into dx: Tensor
  ) -> Tensor {
    let (rows, width) = (x.rowCount, x.columnCount)
    // A warp has a row of 512 numbers, two have a longer one.
    let blocks = min(CUDABackend.backwardBlocks, rows.partCount(of: width == 512 ? 4 : 2))
    let partials = Tensor(uninitialized: [blocks, 2 * width], dtype: x.dtype, backend: self)
    launch(
      "layer_norm_backward_\(width)_\(dy.dtype.suffix)", LaunchShape(blocks: blocks, threads: 128),
      [
        .tensor(x), .tensor(gamma), .tensor(mean), .tensor(inverseDeviation), .tensor(dy), .tensor(addend),
        .tensor(dx), .tensor(partials), .count(rows),
      ])
    return partials
  }

  /// The sums for dγ and dβ of parts of the rows: (parts, 2·width).
  private func layerNormBackwardColumns(
    _ x: Tensor, mean: Tensor, inverseDeviation: Tensor, dy: Tensor
  ) -> Tensor {
    let (rows, width) = (x.rowCount, x.columnCount)
    var shape = LaunchShape(blocks: width.partCount(of: 32), threads: 256)
    shape.blocks.y = max(1, min(CUDABackend.backwardBlocks / shape.blocks.x, rows / 64))
    let partials = Tensor(uninitialized: [shape.blocks.y, 2 * width], dtype: x.dtype, backend: self)
    launch(
      "layer_norm_backward_columns_\(dy.dtype.suffix)", shape,
      [
        .tensor(x), .tensor(mean), .tensor(inverseDeviation), .tensor(dy), .tensor(partials), .count(rows),
        .count(width),
      ])
    return partials
  }
}

extension CUDABackend {
  /// Five blocks for each multiprocessor of an H100, all at work at once.
  private static let backwardBlocks = 660
  /// Columns of partial sums that a block adds up: 2^partial_lane_bits of normalization.cu.
  private static let partialColumns = 8

  /// A warp a row, four a block.
  private func normShape(_ rows: Int) -> LaunchShape { LaunchShape(blocks: rows.partCount(of: 4), threads: 128) }

  /// Whether there is a kernel that keeps such rows in registers, and these begin where it can read them.
  private static func keepsRows(of width: Int, _ tensors: [Tensor]) -> Bool {
    [512, 768, 1024].contains(width) && tensors[0].dtype == .float32 && tensors.allSatisfy { $0.device % 16 == 0 }
  }

  private func requireNormFormat(_ x: Tensor, of others: Tensor..., orRounded rounded: [Tensor]) {
    precondition(
      x.dtype != .bfloat16 && others.allSatisfy { $0.dtype == x.dtype }
        && rounded.allSatisfy { $0.dtype == x.dtype || x.dtype == .float32 && $0.dtype == .bfloat16 },
      "a layer norm of \(x) with \(others + rounded)")
  }
}

extension KernelArgument {
  fileprivate static func isBFloat16(_ x: Tensor?) -> KernelArgument { .int32(x?.dtype == .bfloat16 ? 1 : 0) }
}

// Rows of length 1.

extension CUDABackend {
  public func unitRows(_ x: Tensor, epsilon: Double, into result: Tensor, lengths: Tensor) {
    requireFormat(of: x, result, lengths)
    let vector = x.vectorLength(columns: x.columnCount)
    launchRows(
      "unit_rows", x, vector: vector, [.tensor(x), .real(epsilon, like: x), .tensor(result), .tensor(lengths)])
  }

  public func unitRowsBackward(y: Tensor, lengths: Tensor, dy: Tensor, epsilon: Double, into dx: Tensor) {
    requireFormat(of: y, lengths, dy, dx)
    let vector = y.vectorLength(columns: y.columnCount)
    launchRows(
      "unit_rows_backward", y, vector: vector,
      [.tensor(y), .tensor(lengths), .tensor(dy), .real(epsilon, like: y), .tensor(dx)])
  }
}
