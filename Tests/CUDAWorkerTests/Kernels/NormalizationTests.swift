import TensorCore
import Testing

@testable import CUDAWorker

@Suite struct NormalizationTests {
  /// Formats of x, of the update (nil: none) and of the result.
  private static let formats: [(DType, DType?, DType)] = [
    (.float32, .bfloat16, .bfloat16), (.float32, nil, .bfloat16), (.float32, .float32, .float32),
    (.float32, nil, .float32), (.float32, .bfloat16, .float32), (.float64, .float64, .float64),
    (.float64, nil, .float64),
  ]
  /// Rows, width, and elements before the first; some with a kernel of their own, some without.
  private static let shapes = [
    (1, 1, 0), (5, 7, 0), (9, 64, 0), (3, 257, 1), (5, 512, 0), (7, 768, 0), (2, 768, 1), (6, 1024, 0), (3, 1030, 0),
  ]

  @Test(arguments: formats) func normOfASum(_ dtype: DType, _ updateFormat: DType?, _ resultFormat: DType) throws {
    try EmulatedGPU.run { gpu in
      for (rows, width, offset) in Self.shapes {
        var samples = Samples(seed: UInt64(rows * width))
        let (shape, count) = ([rows, width], rows * width)
        let x = TensorPair(samples.numbers(count, in: -1...3), shape, dtype, offset: offset)
        let update = updateFormat.map { TensorPair(samples.numbers(count), shape, $0, offset: offset) }
        let gamma = TensorPair(samples.numbers(width), [width], dtype)
        let beta = TensorPair(samples.numbers(width), [width], dtype)
        let sum = update == nil ? x : TensorPair(poisoned: shape, dtype, offset: offset)
        let result = TensorPair(poisoned: shape, resultFormat, offset: offset)
        let (mean, deviation) = (TensorPair(poisoned: [rows], dtype), TensorPair(poisoned: [rows], dtype))
        gpu.layerNorm(
          x.gpu, adding: update?.gpu, gamma: gamma.gpu, beta: beta.gpu, epsilon: 1e-5, sum: sum.gpu, into: result.gpu,
          mean: mean.gpu, inverseDeviation: deviation.gpu)
        TensorPair.reference.layerNorm(
          x.cpu, adding: update?.cpu, gamma: gamma.cpu, beta: beta.cpu, epsilon: 1e-5, sum: sum.cpu, into: result.cpu,
          mean: mean.cpu, inverseDeviation: deviation.cpu)
        let label = "\(rows) x \(width) at \(offset)"
        #expect(result.error <= resultFormat.tolerance, "\(label)")
        #expect(mean.error <= dtype.tolerance && deviation.error <= dtype.tolerance, "\(label)")
        #expect(sum.error <= dtype.tolerance, "\(label)")

        let again = EmulatedGPU.poisoned(shape, dtype: resultFormat)
        gpu.normalize(
          sum.gpu, gamma: gamma.gpu, beta: beta.gpu, mean: mean.gpu, inverseDeviation: deviation.gpu, into: again)
        #expect(hasSameBits(again, result.gpu), "normalize is not layerNorm's result: \(label)")

        // The sum may take the place of x.
        guard let update else { continue }
        let second = EmulatedGPU.poisoned(shape, dtype: resultFormat)
        gpu.layerNorm(
          x.gpu, adding: update.gpu, gamma: gamma.gpu, beta: beta.gpu, epsilon: 1e-5, sum: x.gpu, into: second,
          mean: mean.gpu, inverseDeviation: deviation.gpu)
        #expect(hasSameBits(x.gpu, sum.gpu), "\(label)")
        #expect(hasSameBits(second, result.gpu), "\(label)")
      }
    }
  }

  /// What a gradient is added to.
  enum Addend: CaseIterable { case none, own, inPlace }

  private func checkGradients(
    _ gpu: CUDABackend, _ shape: (Int, Int, Int), _ dtype: DType, _ dyFormat: DType, _ addend: Addend
  ) {
    let (rows, width, offset) = shape
    var samples = Samples(seed: UInt64(rows * width))
    let count = rows * width
    let x = TensorPair(samples.numbers(count, in: -1...3), [rows, width], dtype, offset: offset)
    let dy = TensorPair(samples.numbers(count, in: -1...1.5), [rows, width], dyFormat, offset: offset)
    let gamma = TensorPair(samples.numbers(width), [width], dtype)
    let mean = TensorPair(samples.numbers(rows, in: 0...2), [rows], dtype)
    let deviation = TensorPair(samples.numbers(rows, in: 0.5...1.5), [rows], dtype)
    let (before, more) = (samples.numbers(width), samples.numbers(count))
    var results: [[UInt8]] = []
    for _ in 0..<2 {
      let added = addend == .none ? nil : TensorPair(more, [rows, width], dtype, offset: offset)
      let dx = addend == .inPlace ? added! : TensorPair(poisoned: [rows, width], dtype, offset: offset)
      let (dGamma, dBeta) = (TensorPair(before, [width], dtype), TensorPair(before, [width], dtype))
      gpu.layerNormBackward(
        x.gpu, gamma: gamma.gpu, mean: mean.gpu, inverseDeviation: deviation.gpu, dy: dy.gpu, adding: added?.gpu,
        into: dx.gpu, dGamma: dGamma.gpu, dBeta: dBeta.gpu)
      TensorPair.reference.layerNormBackward(
        x.cpu, gamma: gamma.cpu, mean: mean.cpu, inverseDeviation: deviation.cpu, dy: dy.cpu, adding: added?.cpu,
        into: dx.cpu, dGamma: dGamma.cpu, dBeta: dBeta.cpu)
      #expect(dx.error <= dtype.tolerance, "\(shape)")
      #expect(dGamma.error <= dtype.tolerance && dBeta.error <= dtype.tolerance, "\(shape)")
      results.append(dx.gpu.elementBytes + dGamma.gpu.elementBytes + dBeta.gpu.elementBytes)
    }
    let isSame = results[0] == results[1]
    #expect(isSame, "\(shape): another result the second time")
  }

  @Test(arguments: [(DType.float32, DType.bfloat16), (.float32, .float32), (.float64, .float64)], Addend.allCases)
  func gradientsOfANorm(_ formats: (DType, DType), _ addend: Addend) throws {
    try EmulatedGPU.run { gpu in
      for shape in Self.shapes + [(150, 33, 0)] { checkGradients(gpu, shape, formats.0, formats.1, addend) }
    }
  }

  /// More rows than there are for the blocks at once.
  @Test func gradientsOfManyRows() throws {
    try EmulatedGPU.run { gpu in
      checkGradients(gpu, (1321, 768, 0), .float32, .bfloat16, .inPlace)
    }
  }

  @Test(arguments: [DType.float32, .float64]) func rowsOfUnitLength(_ dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (rows, width, offset) in [(1, 1, 0), (40, 3, 0), (9, 64, 0), (5, 768, 0), (3, 768, 1), (2, 3000, 0)] {
        var samples = Samples(seed: UInt64(rows * width))
        var values = samples.numbers(rows * width)
        // The last row is shorter than ε.
        if rows > 1 { for i in values.indices.suffix(width) { values[i] *= 1e-9 } }
        let shape = [rows, width]
        let x = TensorPair(values, shape, dtype, offset: offset)
        let dy = TensorPair(samples.numbers(rows * width), shape, dtype)
        let (y, dx) = (TensorPair(poisoned: shape, dtype), TensorPair(poisoned: shape, dtype))
        let lengths = TensorPair(poisoned: [rows], dtype)
        gpu.unitRows(x.gpu, epsilon: 1e-5, into: y.gpu, lengths: lengths.gpu)
        gpu.unitRowsBackward(y: y.gpu, lengths: lengths.gpu, dy: dy.gpu, epsilon: 1e-5, into: dx.gpu)
        TensorPair.reference.unitRows(x.cpu, epsilon: 1e-5, into: y.cpu, lengths: lengths.cpu)
        TensorPair.reference.unitRowsBackward(
          y: y.cpu, lengths: lengths.cpu, dy: dy.cpu, epsilon: 1e-5, into: dx.cpu)
        #expect(y.error <= dtype.tolerance && lengths.error <= dtype.tolerance, "\(shape) at \(offset)")
        #expect(dx.error <= dtype.tolerance || width == 1, "\(shape) at \(offset)")
      }
    }
  }
}
