import CVectorKernels

/// How kernels are shared out among the team. Products apart, a result never depends on the number of threads: rows and
/// elements are independent of each other, and sums are taken over blocks of a fixed size in a fixed order.
extension CPUBackend {
  /// Elements that are worth a thread: some microseconds of work, an order above what it costs to ask for help.
  private static let elementGrain = 16_384
  /// A multiple of every vector loop's stride: only the end of a tensor then runs through a loop's tail.
  private static let elementMultiple = 1024

  /// Calls `body` with the first elements and the lengths of runs that together are 0..<count.
  func shareElements(_ count: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
    team.run(count, grain: CPUBackend.elementGrain, multipleOf: CPUBackend.elementMultiple) {
      body($0.lowerBound, $0.count)
    }
  }

  /// Calls `body` with the first rows and the lengths of runs that together are 0..<rows; a row costs as much as
  /// `width` elements.
  func shareRows(_ rows: Int, width: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
    team.run(rows, grain: max(1, CPUBackend.elementGrain / max(1, width))) { body($0.lowerBound, $0.count) }
  }

  /// Σ of what `body` gives for blocks of 0..<count, in their order.
  func sumOfBlocks(_ count: Int, _ body: (_ first: Int, _ count: Int) -> Double) -> Double {
    let blockCount = 4 * CPUBackend.elementGrain
    guard count > blockCount else { return body(0, count) }
    let blocks = (count + blockCount - 1) / blockCount
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { sums in
      let sums = sums.baseAddress!
      team.run(blocks) { range in
        for block in range {
          let first = block * blockCount
          (sums + block).initialize(to: body(first, min(blockCount, count - first)))
        }
      }
      return (0..<blocks).reduce(0) { $0 + sums[$1] }
    }
  }

  /// Calls `body` with blocks of rows. Each adds to sums of its own, which are 0 before: `sums(k)` is where those for
  /// `totals[k]` begin. Then the sums of all blocks in their order become the totals, or are added to them where
  /// `accumulate`. The totals have one length and format.
  func sumRowBlocks(
    _ rows: Int, into totals: [Tensor], accumulate: Bool,
    _ body: (_ first: Int, _ count: Int, _ sums: (Int) -> UnsafeMutableRawPointer) -> Void
  ) {
    let (blockRows, width, code) = (64, totals[0].count, totals[0].dtype.code)
    let blocks = (rows + blockRows - 1) / blockRows
    guard blocks > 1 else {
      if !accumulate { for total in totals { fill(total, with: 0) } }
      return body(0, rows) { totals[$0].raw }
    }
    let sums = Tensor(like: totals[0], shape: [totals.count, blocks, width])
    team.run(blocks, grain: max(1, CPUBackend.elementGrain / max(1, blockRows * width))) { range in
      for block in range {
        let own = { (total: Int) in sums.raw(at: (total * blocks + block) * width) }
        for total in totals.indices { vk_fill(code, own(total), 0, width) }
        let first = block * blockRows
        body(first, min(blockRows, rows - first), own)
      }
    }
    for (number, total) in totals.enumerated() {
      vk_column_sums(code, sums.raw(at: number * blocks * width), total.raw, blocks, width, accumulate ? 1 : 0)
    }
  }
}

extension Tensor {
  /// Where element `number` is.
  func raw(at number: Int) -> UnsafeMutableRawPointer { raw + number * dtype.byteCount }
}
