import TensorCore
import Testing

@testable import CUDAWorker

@Suite struct IndexingTests {
  @Test(arguments: [DType.float32, .float64, .bfloat16]) func rowsByNumber(_ dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (rows, width, count, offset) in [
        (5, 1, 9, 0), (4, 3, 700, 0), (6, 8, 5, 1), (3, 64, 10, 0), (9, 768, 20, 0), (3, 1030, 4, 0), (2, 4, 0, 0),
        // Rows that several blocks share.
        (3, 8192, 6, 0), (2, 20_011, 5, 1), (2, 20_016, 5, 0),
      ] {
        var samples = Samples(seed: UInt64(rows * width))
        let x = TensorPair(samples.numbers(rows * width), [rows, width], dtype, offset: offset)
        let indices = samples.indices(count, in: -1...Int32(rows - 1))
        let result = TensorPair(poisoned: [count, width], dtype, offset: offset)
        gpu.gatherRows(of: x.gpu, at: EmulatedGPU.indices(indices), into: result.gpu)
        let reference = IndexTensor(indices, backend: TensorPair.reference)
        TensorPair.reference.gatherRows(of: x.cpu, at: reference, into: result.cpu)
        #expect(hasSameNumbers(result.gpu, result.cpu), "\(rows) x \(width) at \(offset)")
      }
    }
  }

  /// Indices of rows: of each at most one, of some several, of one very many.
  private func indices(_ count: Int, rows: Int, most: Int, _ samples: inout Samples) -> [Int32] {
    if most == 1 { return (0..<count).map { $0 < rows ? Int32($0) : -1 }.shuffled(using: &samples) }
    return samples.indices(count - most, in: -1...Int32(rows - 1)) + [Int32](repeating: Int32(rows / 2), count: most)
  }

  @Test(arguments: [DType.float32, .float64, .bfloat16]) func sumsOfRowsByNumber(_ dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (rows, width, count, most) in [
        (20, 1, 25, 1), (7, 5, 7, 1), (30, 64, 20, 1), (5, 37, 40, 2), (6, 768, 30, 2), (4, 16, 500, 200),
        (3, 24, 1400, 1300), (50, 7, 3000, 1),
        // Rows that several blocks share: each once, some together, and by way of partial sums.
        (6, 5003, 5, 1), (6, 8200, 5, 1), (2, 5003, 6, 3), (3, 8200, 8, 4), (2, 4100, 70, 60), (2, 4105, 70, 60),
      ] {
        for offset in [0, 1] {
          var samples = Samples(seed: UInt64(rows * width + offset))
          let dy = TensorPair(samples.numbers(count * width), [count, width], dtype, offset: offset)
          let before = samples.numbers(rows * width)
          let indices = indices(count, rows: rows, most: most, &samples)
          let dx = TensorPair(before, [rows, width], dtype, offset: offset)
          let again = TensorPair(before, [rows, width], dtype)
          gpu.scatterAddRows(of: dy.gpu, at: EmulatedGPU.indices(indices), to: dx.gpu)
          let reference = IndexTensor(indices, backend: TensorPair.reference)
          TensorPair.reference.scatterAddRows(of: dy.cpu, at: reference, to: dx.cpu)
          #expect(dx.error <= dtype.tolerance, "\(count) rows to \(rows) of \(width), \(most) to one")

          // From numbers that a kernel made, too.
          let fromDevice = EmulatedGPU.poisonedIndices(count)
          indices.withUnsafeBytes { gpu.upload($0, to: fromDevice.storage, byteOffset: 0) }
          gpu.scatterAddRows(of: dy.gpu, at: fromDevice, to: again.gpu)
          #expect(hasSameBits(again.gpu, dx.gpu))
        }
      }
    }
  }

  /// However few rows there are, there is a block for every 8 turns of a row's threads.
  @Test func longRowsAreSharedByBlocks() {
    let long = RowTeams.sharing(rows: 1024, columns: 64_000, atMost: 64)
    let short = RowTeams.sharing(rows: 512_000, columns: 128, atMost: 64)
    #expect(long.lanes == 64 && long.parts == 125 && long.shape == LaunchShape(blocks: 256 * 125, threads: 256))
    #expect(short.lanes == 64 && short.parts == 1 && short.shape == LaunchShape(blocks: 128_000, threads: 256))
    #expect(RowTeams.sharing(rows: 1, columns: 0, atMost: 64).parts == 1)
  }

  @Test(arguments: [DType.float32, .float64]) func columnsByNumber(_ dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (rows, columns, picks) in [(1, 1, 1), (70, 5, 1), (40, 3, 4), (6, 50, 50), (3, 9, 100), (2, 4, 0)] {
        var samples = Samples(seed: UInt64(rows * columns * picks))
        let x = TensorPair(samples.numbers(rows * columns), [rows, columns], dtype)
        let dy = TensorPair(samples.numbers(rows * picks), [rows, picks], dtype)
        let indices = samples.indices(rows * picks, in: 0...Int32(columns - 1))
        let (picked, reference) = (EmulatedGPU.indices(indices), IndexTensor(indices, backend: TensorPair.reference))
        let result = TensorPair(poisoned: [rows, picks], dtype)
        gpu.gatherColumns(of: x.gpu, at: picked, into: result.gpu)
        TensorPair.reference.gatherColumns(of: x.cpu, at: reference, into: result.cpu)
        #expect(hasSameNumbers(result.gpu, result.cpu), "\(picks) of \(rows) x \(columns)")

        gpu.scatterAddColumns(of: dy.gpu, at: picked, to: x.gpu)
        TensorPair.reference.scatterAddColumns(of: dy.cpu, at: reference, to: x.cpu)
        #expect(x.error <= dtype.tolerance, "\(picks) to \(rows) x \(columns)")
      }
    }
  }

  /// One at a time and in the order of the picks, whatever their number: to the bit what a CPU computes in this format.
  @Test func picksOfOneColumnAreAddedInOrder() throws {
    try EmulatedGPU.run { gpu in
      var samples = Samples(seed: 5)
      let (dy, indices) = (samples.numbers(3 * 90), samples.indices(3 * 90, in: 0...4))
      let onGPU = EmulatedGPU.tensor([Double](repeating: 1, count: 15), shape: [3, 5])
      let onCPU = Tensor([Double](repeating: 1, count: 15), shape: [3, 5], backend: TensorPair.reference)
      gpu.scatterAddColumns(
        of: EmulatedGPU.tensor(dy, shape: [3, 90]), at: EmulatedGPU.indices(indices), to: onGPU)
      TensorPair.reference.scatterAddColumns(
        of: Tensor(dy, shape: [3, 90], backend: TensorPair.reference),
        at: IndexTensor(indices, backend: TensorPair.reference), to: onCPU)
      #expect(hasSameBits(onGPU, onCPU))
    }
  }

  @Test(arguments: [DType.float32, .float64]) func rowsInOrder(_ dtype: DType) throws {
    let special = [Double.nan, -.infinity, .infinity, 0, -0.0, 1, -1]
    try EmulatedGPU.run { gpu in
      for (rows, columns, picks) in [
        (3, 1, 1), (70, 2, 2), (5, 7, 3), (4, 50, 50), (9, 50, 1), (2, 1000, 10), (1, 4096, 4096), (2, 4097, 4097),
        (2, 9001, 5), (1, 13_000, 13_000), (2, 5000, 1),
      ] {
        var samples = Samples(seed: UInt64(rows * columns + picks))
        // Few values, so that many are equal; and what is no number, or has two zeros.
        let values = (0..<rows * columns).map { _ -> Double in
          let k = Int.random(in: 0..<40, using: &samples)
          return k < special.count ? special[k] : (Double(k) - 20) / 4
        }
        let reference = TensorPair.reference
        let x = EmulatedGPU.tensor(values, shape: [rows, columns], dtype: dtype)
        let sorted = EmulatedGPU.poisoned([rows, picks], dtype: dtype)
        let indices = EmulatedGPU.poisonedIndices(rows * picks)
        gpu.sortRows(x, into: sorted, indices: indices)
        let expected = Tensor(uninitialized: [rows, picks], dtype: dtype, backend: reference)
        let expectedIndices = IndexTensor(uninitialized: rows * picks, backend: reference)
        reference.sortRows(
          Tensor(values, shape: [rows, columns], dtype: dtype, backend: reference), into: expected,
          indices: expectedIndices)
        #expect(hasSameIndices(indices, expectedIndices), "\(picks) of \(rows) x \(columns)")
        #expect(hasSameBits(sorted, expected), "\(picks) of \(rows) x \(columns)")
      }
    }
  }
}
