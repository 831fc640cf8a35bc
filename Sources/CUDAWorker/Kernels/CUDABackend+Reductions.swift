import CNVIDIA
import TensorCore

// Sums in one order, which the sizes alone decide.

extension CUDABackend {
  public func sum(_ x: Tensor, into result: Tensor) { sum("sum", of: x, into: result) }

  public func countPositive(_ x: Tensor, into result: Tensor) { sum("count_positive", of: x, into: result) }

  public func sumOfSquares(_ x: Tensor) -> Double { sumOnHost("sum_of_squares", of: x) }

  public func allFinite(_ x: Tensor) -> Bool { sumOnHost("count_not_finite", of: x) == 0 }

  public func rowSums(_ x: Tensor, into result: Tensor) {
    rowSums(x, rows: x.rowCount, columns: x.columnCount, into: result)
  }

  private func rowSums(_ x: Tensor, rows: Int, columns: Int, into result: Tensor) {
    requireFormat(of: x, result)
    let teams = RowTeams(rows: rows, columns: columns.partCount(of: x.vectorLength(columns: columns)))
    launch(
      "row_sums_\(x.dtype.suffix)", teams.shape,
      [.tensor(x), .tensor(result), .count(rows), .count(columns), teams.argument])
  }

  public func rowDots(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    requireFormat(of: a, b, result)
    let columns = a.columnCount
    let teams = RowTeams(rows: a.rowCount, columns: columns.partCount(of: a.vectorLength(columns: columns)))
    launch(
      "row_dots_\(a.dtype.suffix)", teams.shape,
      [.tensor(a), .tensor(b), .tensor(result), .count(a.rowCount), .count(columns), teams.argument])
  }

  public func columnSums(_ x: Tensor, into result: Tensor, accumulate: Bool) {
    precondition(
      result.dtype == (x.dtype == .bfloat16 ? .float32 : x.dtype), "column sums of \(x) into \(result)")
    let columns = result.count
    columnSums(x, outer: 1, rows: x.count / max(1, columns), columns: columns, into: result, accumulate: accumulate)
  }

  public func sumAxis(_ x: Tensor, outer: Int, axis: Int, inner: Int, into result: Tensor) {
    if inner == 1 { return rowSums(x, rows: outer, columns: axis, into: result) }
    requireFormat(of: x, result)
    columnSums(x, outer: outer, rows: axis, columns: inner, into: result, accumulate: false)
  }
}

extension CUDABackend {
  /// Elements that one block adds up where it is alone, and that it has of a longer sum.
  private static let (singleBlockCount, blockCount) = (16_384, 8192)
  /// Four for each multiprocessor of an H100, all at work at once.
  private static let mostBlocks = 528

  private func sumBlocks(_ count: Int) -> Int {
    if count <= CUDABackend.singleBlockCount { return 1 }
    return min(CUDABackend.mostBlocks, count.partCount(of: CUDABackend.blockCount))
  }

  private func sum(_ kernel: String, of x: Tensor, into result: Tensor) {
    requireFormat(of: x, result)
    let (blocks, suffix) = (sumBlocks(x.count), x.dtype.suffix)
    let shape = LaunchShape(blocks: blocks, threads: 256)
    if blocks == 1 {
      return launch("\(kernel)_\(suffix)", shape, [.tensor(x), .count(x.count), .pointer(0), .tensor(result)])
    }
    let partials = scratch(byteCount: blocks * 8)
    launch("\(kernel)_\(suffix)", shape, [.tensor(x), .count(x.count), .pointer(partials.pointer), .pointer(0)])
    launch(
      "sum_partials_\(suffix)", LaunchShape(blocks: 1, threads: 256),
      [.pointer(partials.pointer), .count(blocks), .tensor(result)])
  }

  /// The same where the host wants it: it waits, and adds the blocks' sums up itself.
  private func sumOnHost(_ kernel: String, of x: Tensor) -> Double {
    let blocks = sumBlocks(x.count)
    let partials = scratch(byteCount: blocks * 8)
    launch(
      "\(kernel)_\(x.dtype.suffix)", LaunchShape(blocks: blocks, threads: 256),
      [.tensor(x), .count(x.count), .pointer(partials.pointer), .pointer(0)])
    var sums = [Double](repeating: 0, count: blocks)
    sums.withUnsafeMutableBytes { download(partials, byteOffset: 0, to: $0) }
    return sums.reduce(0, +)
  }

  /// Sums over the rows of each of `outer` matrices. Where columns alone do not make blocks enough, rows are cut into
  /// parts, whose sums are added up in their order.
  private func columnSums(
    _ x: Tensor, outer: Int, rows: Int, columns: Int, into result: Tensor, accumulate: Bool
  ) {
    let vector = x.vectorLength(columns: columns)
    let lanes = min(32, (columns / vector).roundedUpToPowerOfTwo)
    let blocks = outer * (columns / vector).partCount(of: lanes)
    // A thread has 32 rows or more.
    let parts = max(1, min(CUDABackend.mostBlocks / max(1, blocks), rows / (32 * 256 / lanes)))
    let launchSums = { (target: CUdeviceptr, accumulate: Bool) in
      var shape = LaunchShape(blocks: blocks, threads: 256)
      shape.blocks.y = parts
      self.launch(
        "column_sums_\(vector > 1 ? "vector_" : "")\(x.dtype.suffix)", shape,
        [
          .tensor(x), .pointer(target), .count(outer), .count(rows), .count(columns),
          .int32(Int32(lanes.trailingZeroBitCount)), .int32(accumulate ? 1 : 0),
        ])
    }
    if parts == 1 { return launchSums(result.device, accumulate) }
    let partials = Tensor(uninitialized: [parts, outer * columns], dtype: result.dtype, backend: self)
    launchSums(partials.device, false)
    columnSums(partials, outer: 1, rows: parts, columns: outer * columns, into: result, accumulate: accumulate)
  }

  /// Kernels take the format of x for that of all others.
  func requireFormat(of x: Tensor, _ others: Tensor...) {
    precondition(x.dtype != .bfloat16 && others.allSatisfy { $0.dtype == x.dtype }, "a kernel on \(x) and \(others)")
  }
}
