import TensorCore
import Testing

@testable import CUDAWorker

@Suite struct ReductionsTests {
  @Test(arguments: [DType.float32, .float64]) func sumsOfEverything(_ dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (count, offset) in [(0, 0), (1, 0), (5, 1), (1000, 0), (16_384, 3), (16_387, 0), (70_001, 1)] {
        var samples = Samples(seed: UInt64(count))
        let x = TensorPair(samples.numbers(count, in: -1...3), [count], dtype, offset: offset)
        let (sum, positive) = (TensorPair(poisoned: [], dtype), TensorPair(poisoned: [], dtype))
        gpu.sum(x.gpu, into: sum.gpu)
        gpu.countPositive(x.gpu, into: positive.gpu)
        TensorPair.reference.sum(x.cpu, into: sum.cpu)
        TensorPair.reference.countPositive(x.cpu, into: positive.cpu)
        #expect(sum.error <= dtype.tolerance, "\(count)")
        #expect(positive.gpu.item() == positive.cpu.item(), "\(count)")
        let squares = TensorPair.reference.sumOfSquares(x.cpu)
        #expect(abs(gpu.sumOfSquares(x.gpu) - squares) <= dtype.tolerance * squares, "\(count)")
        #expect(gpu.sumOfSquares(x.gpu) == gpu.sumOfSquares(x.gpu))
        let first = sum.gpu.elementBytes
        gpu.sum(x.gpu, into: sum.gpu)
        #expect(hasBits(sum.gpu, first))
      }
    }
  }

  @Test(arguments: [DType.float32, .float64]) func finitenessOfEveryElement(_ dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for count in [1, 50, 20_003] {
        var values = [Double](repeating: 1, count: count)
        #expect(gpu.allFinite(EmulatedGPU.tensor(values, dtype: dtype)))
        for (place, value) in [(0, Double.nan), (count / 2, .infinity), (count - 1, -.infinity)] {
          values[place] = value
          #expect(!gpu.allFinite(EmulatedGPU.tensor(values, dtype: dtype)), "\(value) at \(place) of \(count)")
          values[place] = 1
        }
      }
    }
  }

  @Test(arguments: [DType.float32, .float64]) func sumsOfRows(_ dtype: DType) throws {
    let shapes = [(1, 1), (300, 2), (3, 5), (7, 32), (9, 100), (5, 768), (3, 1030), (2, 3000), (1, 20_000)]
    try EmulatedGPU.run { gpu in
      for (rows, columns) in shapes {
        for offset in [0, 1] {
          var samples = Samples(seed: UInt64(rows * columns + offset))
          let a = TensorPair(samples.numbers(rows * columns, in: -1...3), [rows, columns], dtype, offset: offset)
          let b = TensorPair(samples.numbers(rows * columns, in: -1...3), [rows, columns], dtype)
          let (sums, dots) = (TensorPair(poisoned: [rows], dtype), TensorPair(poisoned: [rows], dtype))
          gpu.rowSums(a.gpu, into: sums.gpu)
          gpu.rowDots(a.gpu, b.gpu, into: dots.gpu)
          TensorPair.reference.rowSums(a.cpu, into: sums.cpu)
          TensorPair.reference.rowDots(a.cpu, b.cpu, into: dots.cpu)
          #expect(sums.error <= dtype.tolerance && dots.error <= dtype.tolerance, "\(rows) x \(columns) at \(offset)")
          let first = dots.gpu.elementBytes
          gpu.rowDots(a.gpu, b.gpu, into: dots.gpu)
          #expect(hasBits(dots.gpu, first))
        }
      }
    }
  }

  @Test(arguments: [DType.float32, .float64, .bfloat16]) func sumsOfColumns(_ dtype: DType) throws {
    let shapes = [(0, 4), (1, 1), (7, 3), (16_500, 1), (2100, 5), (64, 768), (600, 96), (333, 257), (1050, 264)]
    try EmulatedGPU.run { gpu in
      for (rows, columns) in shapes {
        for (offset, accumulate) in [(0, false), (0, true), (1, false)] {
          var samples = Samples(seed: UInt64(rows * columns + offset))
          let x = TensorPair(samples.numbers(rows * columns, in: -1...3), [rows, columns], dtype, offset: offset)
          let format = dtype == .bfloat16 ? DType.float32 : dtype
          let before = accumulate ? samples.numbers(columns) : [Double](repeating: .nan, count: columns)
          let sums = TensorPair(before, [columns], format)
          gpu.columnSums(x.gpu, into: sums.gpu, accumulate: accumulate)
          TensorPair.reference.columnSums(x.cpu, into: sums.cpu, accumulate: accumulate)
          #expect(sums.error <= format.tolerance, "\(rows) x \(columns) at \(offset)")
          let again = TensorPair(before, [columns], format)
          gpu.columnSums(x.gpu, into: again.gpu, accumulate: accumulate)
          #expect(hasSameBits(again.gpu, sums.gpu))
        }
      }
    }
  }

  @Test(arguments: [DType.float32, .float64]) func sumsOverAnAxis(_ dtype: DType) throws {
    let shapes = [(3, 5, 7), (4, 1, 8), (2, 700, 16), (5, 9, 1), (1, 2000, 3), (3, 0, 4), (2, 40, 300)]
    try EmulatedGPU.run { gpu in
      for (outer, axis, inner) in shapes {
        var samples = Samples(seed: UInt64(outer * axis * inner))
        let x = TensorPair(samples.numbers(outer * axis * inner, in: -1...3), [outer, axis, inner], dtype)
        let sums = TensorPair(poisoned: [outer, inner], dtype)
        gpu.sumAxis(x.gpu, outer: outer, axis: axis, inner: inner, into: sums.gpu)
        TensorPair.reference.sumAxis(x.cpu, outer: outer, axis: axis, inner: inner, into: sums.cpu)
        #expect(sums.error <= dtype.tolerance, "\(outer) x \(axis) x \(inner)")
      }
    }
  }
}
