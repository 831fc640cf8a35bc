import Randomness
import Testing

@testable import TensorCore

/// The same bits on one thread, two and three.
@Suite struct SharingTests {
  private func same(_ name: String, _ results: (CPUBackend) -> [Tensor]) {
    let expected = results(CPUBackend(threadCount: 1)).map(bits)
    #expect(expected.allSatisfy { !$0.isEmpty })
    for threadCount in 2...3 {
      #expect(results(CPUBackend(threadCount: threadCount)).map(bits) == expected, "\(name) on \(threadCount) threads")
    }
  }

  private func bits(_ x: Tensor) -> [UInt8] {
    [UInt8](UnsafeRawBufferPointer(start: x.raw, count: x.byteCount))
  }

  private func normal(_ name: String, _ shape: [Int], _ dtype: DType, _ worker: CPUBackend) -> Tensor {
    let x = Tensor(uninitialized: shape, dtype: .float32, backend: worker)
    worker.fillNormal(x, from: RandomStream(seed: 1, name), deviation: 1)
    if dtype == .float32 { return x }
    let other = Tensor(uninitialized: shape, dtype: dtype, backend: worker)
    worker.convert(x, into: other)
    return other
  }

  private func zeros(_ shape: [Int], _ dtype: DType, _ worker: CPUBackend) -> Tensor {
    let x = Tensor(uninitialized: shape, dtype: dtype, backend: worker)
    worker.fill(x, with: 0)
    return x
  }

  @Test(arguments: [DType.float32, .float64, .bfloat16]) func elementwiseInEveryFormat(dtype: DType) {
    same("elementwise \(dtype)") { worker in
      let (x, dy) = (normal("x", [50_001], dtype, worker), normal("dy", [50_001], dtype, worker))
      let results = (0..<5).map { _ in zeros([50_001], dtype, worker) }
      worker.add(x, dy, into: results[0])
      worker.apply(.quickGELU, to: x, into: results[1])
      worker.quickGELUBackward(x, dy: dy, into: results[2], dx: results[3])
      worker.copy(x, into: results[4])
      worker.addScaled(dy, by: 0.3, to: results[4])
      return results
    }
  }

  @Test(arguments: [DType.float32, .float64]) func elementwise(dtype: DType) {
    same("elementwise \(dtype)") { worker in
      let (x, y) = (normal("x", [70, 769], dtype, worker), normal("y", [70, 769], dtype, worker))
      let (row, column) = (normal("row", [769], dtype, worker), normal("column", [70], dtype, worker))
      let results = (0..<8).map { _ in zeros([70, 769], dtype, worker) }
      worker.subtract(x, y, into: results[0])
      worker.multiply(x, y, into: results[1])
      worker.applyDerivative(of: .gelu, at: x, y: x, to: y, into: results[2])
      worker.addSuffix(row, to: x, into: results[3])
      worker.addColumn(column, to: x, into: results[4])
      worker.scaleRows(of: x, by: column, into: results[5])
      worker.compareAtLeast(x, column: column, into: results[6])
      worker.maskedFill(x, where: results[6], with: -1, into: results[7])
      return results
    }
  }

  @Test(arguments: [DType.float32, .float64]) func sums(dtype: DType) {
    same("sums \(dtype)") { worker in
      let (x, y) = (normal("x", [300, 769], dtype, worker), normal("y", [300, 769], dtype, worker))
      let scalars = (0..<2).map { _ in zeros([1], dtype, worker) }
      worker.sum(x, into: scalars[0])
      worker.countPositive(x, into: scalars[1])
      let rows = (0..<2).map { _ in zeros([300], dtype, worker) }
      worker.rowSums(x, into: rows[0])
      worker.rowDots(x, y, into: rows[1])
      let columns = zeros([769], dtype, worker)
      worker.columnSums(x, into: columns, accumulate: false)
      worker.columnSums(y, into: columns, accumulate: true)
      let axis = zeros([30, 769], dtype, worker)
      worker.sumAxis(x, outer: 30, axis: 10, inner: 769, into: axis)
      return scalars + rows + [
        columns, axis, Tensor([worker.sumOfSquares(x)], shape: [1], dtype: .float64, backend: worker),
      ]
    }
  }

  @Test func columnSumsOfShortNumbers() {
    same("columnSums") { worker in
      let result = zeros([769], .float32, worker)
      worker.columnSums(normal("x", [300, 769], .bfloat16, worker), into: result, accumulate: true)
      return [result]
    }
  }

  @Test func aNumberThatIsNotFiniteIsFoundInAnyShare() {
    for threadCount in 1...3 {
      let worker = CPUBackend(threadCount: threadCount)
      for place in [0, 65_535, 65_536, 199_999] {
        var values = [Double](repeating: 1, count: 200_000)
        #expect(worker.allFinite(Tensor(values, shape: [200_000], backend: worker)))
        values[place] = .infinity
        #expect(!worker.allFinite(Tensor(values, shape: [200_000], backend: worker)))
      }
    }
  }

  @Test(arguments: [DType.float32, .bfloat16]) func layerNorm(narrow: DType) {
    same("layerNorm \(narrow)") { worker in
      let shape = [200, 768]
      let (x, update) = (normal("x", shape, .float32, worker), normal("update", shape, narrow, worker))
      let (gamma, beta) = (normal("gamma", [768], .float32, worker), normal("beta", [768], .float32, worker))
      let (sum, result) = (zeros(shape, .float32, worker), zeros(shape, narrow, worker))
      let again = zeros(shape, narrow, worker)
      let (mean, deviation) = (zeros([200], .float32, worker), zeros([200], .float32, worker))
      worker.layerNorm(
        x, adding: update, gamma: gamma, beta: beta, epsilon: 1e-5, sum: sum, into: result, mean: mean,
        inverseDeviation: deviation)
      worker.normalize(sum, gamma: gamma, beta: beta, mean: mean, inverseDeviation: deviation, into: again)
      let (dx, dGamma, dBeta) = (zeros(shape, .float32, worker), zeros([768], .float32, worker), beta)
      worker.layerNormBackward(
        sum, gamma: gamma, mean: mean, inverseDeviation: deviation, dy: update, adding: x, into: dx, dGamma: dGamma,
        dBeta: dBeta)
      return [sum, result, again, mean, deviation, dx, dGamma, dBeta]
    }
  }

  @Test(arguments: [DType.float32, .float64]) func rows(dtype: DType) {
    same("rows \(dtype)") { worker in
      let shape = [100, 769]
      let (x, dy) = (normal("x", shape, dtype, worker), normal("dy", shape, dtype, worker))
      let results = (0..<6).map { _ in zeros(shape, dtype, worker) }
      let lengths = zeros([100], dtype, worker)
      worker.unitRows(x, epsilon: 1e-6, into: results[0], lengths: lengths)
      worker.unitRowsBackward(y: results[0], lengths: lengths, dy: dy, epsilon: 1e-6, into: results[1])
      worker.softmax(x, into: results[2])
      worker.softmaxBackward(y: results[2], dy: dy, into: results[3])
      worker.logSoftmax(x, into: results[4])
      worker.logSoftmaxBackward(y: results[4], dy: dy, into: results[5])
      return results + [lengths]
    }
  }

  @Test(arguments: [DType.float32, .float64]) func rowsByNumber(dtype: DType) {
    same("rows by number \(dtype)") { worker in
      let x = normal("x", [90, 769], dtype, worker)
      // Rows that are taken several times, one after the other and not, and some that are missing.
      let numbers: [Int32] = (0..<300).map { (i: Int) -> Int32 in i % 7 == 0 ? -1 : Int32(i * i % 90) }
      let indices = IndexTensor(numbers, backend: worker)
      let gathered = zeros([300, 769], dtype, worker)
      worker.gatherRows(of: x, at: indices, into: gathered)
      let scattered = zeros([90, 769], dtype, worker)
      worker.scatterAddRows(of: gathered, at: indices, to: scattered)
      let picks: [Int32] = (0..<90 * 700).map { (i: Int) -> Int32 in Int32(i * 31 % 769) }
      let columns = IndexTensor(picks, backend: worker)
      let picked = zeros([90, 700], dtype, worker)
      worker.gatherColumns(of: x, at: columns, into: picked)
      let back = zeros([90, 769], dtype, worker)
      worker.scatterAddColumns(of: picked, at: columns, to: back)
      let values = zeros([90, 40], dtype, worker)
      let order = IndexTensor([Int32](repeating: 0, count: 3600), backend: worker)
      worker.sortRows(x, into: values, indices: order)
      return [gathered, scattered, picked, back, values]
    }
  }

  @Test func adamW() {
    same("AdamW") { worker in
      let state = ["weight", "gradient", "first"].map { normal($0, [40_000], .float32, worker) }
      let second = zeros([40_000], .float32, worker)
      worker.apply(.sigmoid, to: state[2], into: second)
      let operand = zeros([40_000], .bfloat16, worker)
      let update = AdamWUpdate(
        gradientScale: 0.5, rate: 1e-3, beta1: 0.9, beta2: 0.98, epsilon: 1e-6, decay: 0.1, correction1: 0.1,
        correction2: 0.02)
      worker.adamW(
        update, weight: state[0], gradient: state[1], firstMoment: state[2], secondMoment: second, operand: operand)
      return state + [second, operand]
    }
  }

  @Test(arguments: [DType.float32, .float64]) func randomNumbers(dtype: DType) {
    same("random \(dtype)") { worker in
      let (uniform, normal) = (zeros([40_001], dtype, worker), zeros([40_001], dtype, worker))
      worker.fillUniform(uniform, from: RandomStream(seed: 2, "u"), low: -1, high: 2)
      worker.fillNormal(normal, from: RandomStream(seed: 2, "n"), deviation: 3)
      return [uniform, normal]
    }
  }
}
