import Randomness
import Testing

@testable import TensorCore

/// The kernels give the very numbers of the streams they are named after.
@Suite struct RandomKernelsTests {
  private let backend = CPUBackend()

  @Test(arguments: [1, 2, 3, 511, 512, 513, 1500]) func uniformNumbersAreThoseOfTheStream(count: Int) {
    var stream = RandomStream(seed: 9, "test", count)
    let x = Tensor(uninitialized: [count], dtype: .float64, backend: backend)
    backend.fillUniform(x, from: stream, low: -0.5, high: 2)
    #expect(x.doubles() == (0..<count).map { _ in stream.uniform(-0.5, 2) })
  }

  @Test(arguments: [1, 255, 256, 257, 1000]) func normalNumbersAreThoseOfTheStream(count: Int) {
    var stream = RandomStream(seed: 9, "test", count)
    let x = Tensor(uninitialized: [count], dtype: .float64, backend: backend)
    backend.fillNormal(x, from: stream, deviation: 1)
    for value in x.doubles() { #expect(abs(value - stream.normal()) <= 1e-14 * max(1, abs(value))) }
  }

  @Test func float32IsTheRoundedFloat64() {
    let stream = RandomStream(seed: 1, "rounding")
    let (wide, narrow) = (
      Tensor(uninitialized: [100], dtype: .float64, backend: backend), Tensor(uninitialized: [100], backend: backend)
    )
    backend.fillNormal(wide, from: stream, deviation: 0.02)
    backend.fillNormal(narrow, from: stream, deviation: 0.02)
    #expect(narrow.floats() == wide.doubles().map { Float($0) })
  }
}
