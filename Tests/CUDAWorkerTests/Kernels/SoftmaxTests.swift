import TensorCore
import Testing

@testable import CUDAWorker

@Suite struct SoftmaxTests {
  private static let shapes = [(3, 1), (40, 2), (5, 50), (7, 32), (9, 511), (2, 600), (3, 5003)]

  /// A fifth of the scores are −∞, never a whole row.
  private func scores(_ rows: Int, _ columns: Int) -> [Double] {
    var samples = Samples(seed: UInt64(rows * columns))
    var scores = samples.numbers(rows * columns, in: -20...20)
    for i in scores.indices where i % columns != 0 && i % 5 == 0 { scores[i] = -.infinity }
    return scores
  }

  @Test(arguments: [DType.float32, .float64]) func sharesOfRows(_ dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (rows, columns) in Self.shapes {
        let x = TensorPair(scores(rows, columns), [rows, columns], dtype)
        let y = TensorPair(poisoned: [rows, columns], dtype)
        gpu.softmax(x.gpu, into: y.gpu)
        TensorPair.reference.softmax(x.cpu, into: y.cpu)
        #expect(y.error <= dtype.tolerance, "\(rows) x \(columns)")
        let first = y.gpu.elementBytes
        gpu.softmax(x.gpu, into: y.gpu)
        #expect(hasBits(y.gpu, first))
      }
    }
  }

  @Test(arguments: [DType.float32, .float64]) func logarithmsOfShares(_ dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (rows, columns) in Self.shapes {
        let x = TensorPair(scores(rows, columns), [rows, columns], dtype)
        let y = TensorPair(poisoned: [rows, columns], dtype)
        gpu.logSoftmax(x.gpu, into: y.gpu)
        TensorPair.reference.logSoftmax(x.cpu, into: y.cpu)
        let (ours, theirs) = (y.gpu.doubles(), y.cpu.doubles())
        #expect(zip(ours, theirs).allSatisfy { $0 == $1 || $0.isFinite == $1.isFinite })
        let finite = ours.indices.filter { theirs[$0].isFinite }
        #expect(relativeError(finite.map { ours[$0] }, finite.map { theirs[$0] }) <= dtype.tolerance)
      }
    }
  }

  /// As on a CPU: no caller makes one, and a number would hide who does.
  @Test func rowsWithoutAShareAreNotNumbers() throws {
    try EmulatedGPU.run { gpu in
      let x = EmulatedGPU.tensor([Double](repeating: -.infinity, count: 40), shape: [1, 40])
      let y = EmulatedGPU.tensor([Double](repeating: 0, count: 40), shape: [1, 40])
      gpu.softmax(x, into: y)
      #expect(y.doubles().allSatisfy { $0.isNaN })
    }
  }

  @Test(arguments: [DType.float32, .float64]) func gradients(_ dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (rows, columns) in Self.shapes {
        var samples = Samples(seed: UInt64(rows + columns))
        let shape = [rows, columns]
        let dy = TensorPair(samples.numbers(rows * columns), shape, dtype)
        let share = TensorPair(samples.numbers(rows * columns, in: 0...1), shape, dtype)
        let logarithm = TensorPair(
          samples.numbers(rows * columns, in: -9...0).map { $0 < -8.5 ? -.infinity : $0 }, shape, dtype)
        let (dx, dz) = (TensorPair(poisoned: shape, dtype), TensorPair(poisoned: shape, dtype))
        gpu.softmaxBackward(y: share.gpu, dy: dy.gpu, into: dx.gpu)
        gpu.logSoftmaxBackward(y: logarithm.gpu, dy: dy.gpu, into: dz.gpu)
        TensorPair.reference.softmaxBackward(y: share.cpu, dy: dy.cpu, into: dx.cpu)
        TensorPair.reference.logSoftmaxBackward(y: logarithm.cpu, dy: dy.cpu, into: dz.cpu)
        #expect(dx.error <= dtype.tolerance && dz.error <= dtype.tolerance, "\(rows) x \(columns)")
      }
    }
  }
}
