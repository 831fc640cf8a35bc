import CNVIDIA
import TensorCore

// Rows and columns by number.

extension CUDABackend {
  public func gatherRows(of x: Tensor, at indices: IndexTensor, into result: Tensor) {
    precondition(x.dtype == result.dtype, "rows of \(x) into \(result)")
    guard result.count > 0 else { return }
    let rowBytes = x.columnCount * x.dtype.byteCount
    // The widest words that all rows begin at.
    let together = rowBytes | Int(truncatingIfNeeded: x.device | result.device)
    let word = min(16, 1 << together.trailingZeroBitCount)
    let teams = RowTeams.sharing(rows: indices.count, columns: rowBytes / word, atMost: 64)
    launch(
      "gather_rows_\(word)_bytes", teams.shape,
      [.tensor(x), .indices(indices), .tensor(result), .count(indices.count), .count(rowBytes / word)]
        + teams.sharingArguments)
  }

  /// Rows that meet are added in their order, those of bfloat16 in float32 and rounded once.
  public func scatterAddRows(of dy: Tensor, at indices: IndexTensor, to dx: Tensor) {
    precondition(dy.dtype == dx.dtype, "rows of \(dy) to \(dx)")
    guard dy.count > 0 else { return }
    let width = dy.columnCount
    if let scatter = RowScatter(indices.values(), targetCount: dx.rowCount) {
      return scatterAddRows(of: dy, scatter, to: dx)
    }
    let teams = RowTeams.sharing(
      rows: indices.count, columns: width / dy.vectorLength(columns: width, with: dx), atMost: 64)
    launch(
      "scatter_add_rows_\(dy.dtype.suffix)", teams.shape,
      [.tensor(dy), .indices(indices), .tensor(dx), .count(indices.count), .count(width)] + teams.sharingArguments)
  }

  private func scatterAddRows(of dy: Tensor, _ scatter: RowScatter, to dx: Tensor) {
    let (width, partialCount, suffix) = (dy.columnCount, scatter.partialCount, dy.dtype.suffix)
    let (words, places) = upload(lists: [
      scatter.sources, scatter.begins, scatter.targets, scatter.partialBegins, scatter.partialTargets,
    ])
    // Until the last kernel that reads them is queued.
    defer { withExtendedLifetime(words) {} }
    let partials = Tensor(
      uninitialized: [partialCount, width], dtype: dy.dtype == .float64 ? .float64 : .float32, backend: self)
    let segments = scatter.targets.count
    let teams = RowTeams.sharing(
      rows: segments, columns: width / dy.vectorLength(columns: width, with: dx), atMost: 64)
    launch(
      "scatter_add_segments_\(suffix)", teams.shape,
      [.tensor(dy), places[0], places[1], places[2], .tensor(dx), .tensor(partials), .count(segments), .count(width)]
        + teams.sharingArguments)
    guard partialCount > 0 else { return }
    let targets = scatter.partialTargets.count
    // Few rows with many terms: as many threads each as there are columns.
    let rows = RowTeams.sharing(rows: targets, columns: width, atMost: 256)
    launch(
      "scatter_add_partials_\(suffix)", rows.shape,
      [.tensor(partials), places[3], places[4], .tensor(dx), .count(targets), .count(width)]
        + rows.sharingArguments)
  }

  /// Copies lists to the GPU at once; where each is.
  private func upload(lists: [[Int32]]) -> (words: DeviceStorage, places: [KernelArgument]) {
    var all: [Int32] = []
    all.reserveCapacity(lists.reduce(0) { $0 + $1.count })
    var begins: [Int] = []
    for list in lists {
      begins.append(all.count)
      all += list
    }
    let words = scratch(byteCount: all.count * 4)
    all.withUnsafeBytes { upload($0, to: words, byteOffset: 0) }
    return (words, begins.map { .pointer(words.pointer + CUdeviceptr($0 * 4)) })
  }

  public func gatherColumns(of x: Tensor, at indices: IndexTensor, into result: Tensor) {
    requireFormat(of: x, result)
    let picks = indices.count / max(1, x.rowCount)
    launch(
      "gather_columns_\(x.dtype.suffix)", elements: indices.count,
      [
        .tensor(x), .indices(indices), .tensor(result), .count(x.rowCount), .count(x.columnCount), .count(picks),
      ])
  }

  public func scatterAddColumns(of dy: Tensor, at indices: IndexTensor, to dx: Tensor) {
    requireFormat(of: dy, dx)
    let (rows, picks) = (dx.rowCount, indices.count / max(1, dx.rowCount))
    let teams = RowTeams(rows: rows, columns: picks, atMost: 32)
    launch(
      "scatter_add_columns_\(dy.dtype.suffix)", teams.shape,
      [
        .tensor(dy), .indices(indices), .tensor(dx), .count(rows), .count(dx.columnCount), .count(picks),
        teams.argument,
      ])
  }
}

// Rows in order.

extension CUDABackend {
  /// Columns that a block sorts in shared memory: 48 KB of float64 and columns.
  private static let mostSortedColumns = 4096

  public func sortRows(_ x: Tensor, into values: Tensor, indices: IndexTensor) {
    requireFormat(of: x, values)
    let (rows, columns) = (x.rowCount, x.columnCount)
    let picks = indices.count / max(1, rows)
    guard picks > 0 else { return }
    if picks == 1 {
      return launch(
        "row_maxima_\(x.dtype.suffix)", RowTeams(rows: rows, columns: 32, atMost: 32).shape,
        [.tensor(x), .tensor(values), .indices(indices), .count(rows), .count(columns)])
    }
    if columns > CUDABackend.mostSortedColumns { return sortLongRows(x, picks: picks, into: values, indices: indices) }
    let size = columns.roundedUpToPowerOfTwo
    launch(
      "sort_rows_\(x.dtype.suffix)", sortShape(blocks: rows, size: size, x.dtype),
      [.tensor(x), .tensor(values), .indices(indices), .count(columns), .count(picks), .int32(Int32(size))])
  }

  /// Blocks sort parts of a row, which are then merged two by two; never more is kept than is wanted.
  private func sortLongRows(_ x: Tensor, picks: Int, into values: Tensor, indices: IndexTensor) {
    let (rows, columns, suffix, size) = (x.rowCount, x.columnCount, x.dtype.suffix, CUDABackend.mostSortedColumns)
    var runs = SortedRuns(rows: rows, count: columns.partCount(of: size), length: min(picks, size), of: x, on: self)
    launch(
      "sort_runs_\(suffix)", sortShape(blocks: rows * runs.count, size: size, x.dtype),
      [.tensor(x)] + runs.arguments + [.count(columns), .count(runs.count), .count(runs.length), .int32(Int32(size))])
    while runs.count > 1 {
      let merged = SortedRuns(
        rows: rows, count: runs.count.partCount(of: 2), length: min(2 * runs.length, picks), of: x, on: self)
      launch(
        "merge_runs_\(suffix)", elements: rows * runs.count * runs.length,
        runs.arguments + merged.arguments
          + [.count(rows), .count(runs.count), .count(runs.length), .count(merged.length)])
      runs = merged
    }
    launch(
      "take_sorted_\(suffix)", elements: rows * picks,
      [.tensor(x), .pointer(runs.columns.pointer), .tensor(values), .indices(indices)]
        + [.count(rows), .count(columns), .count(picks)])
  }

  private func sortShape(blocks: Int, size: Int, _ dtype: DType) -> LaunchShape {
    LaunchShape(blocks: blocks, threads: max(32, min(1024, size / 2)), sharedByteCount: size * (dtype.byteCount + 4))
  }
}

/// `count` sorted runs of `length` numbers of every row: where they stand in the order, and their columns.
private struct SortedRuns {
  let count: Int
  let length: Int
  let keys: DeviceStorage
  let columns: DeviceStorage

  init(rows: Int, count: Int, length: Int, of x: Tensor, on backend: CUDABackend) {
    self.count = count
    self.length = length
    keys = backend.scratch(byteCount: rows * count * length * x.dtype.byteCount)
    columns = backend.scratch(byteCount: rows * count * length * 4)
  }

  var arguments: [KernelArgument] { [.pointer(keys.pointer), .pointer(columns.pointer)] }
}
