import Randomness
import TensorCore
import Testing

@testable import CUDAWorker

/// Starting weights have the bits of the CPU worker's.
@Suite struct RandomTests {
  @Test(arguments: [0, 1, 5, 511, 1500], [DType.float32, .float64]) func numbersAreTheCPUs(count: Int, dtype: DType)
    throws
  {
    let stream = RandomStream(seed: 9, "weights", count)
    let expected = KernelInput.hostResult([count], dtype: dtype)
    try EmulatedGPU.run { gpu in
      let x = GuardedTensor(shape: [count], dtype: dtype, offset: 3)
      gpu.fillUniform(x.tensor, from: stream, low: -0.5, high: 2)
      KernelInput.cpu.fillUniform(expected, from: stream, low: -0.5, high: 2)
      expectSame(x.doubles(), expected.doubles())
      gpu.fillNormal(x.tensor, from: stream, deviation: 0.02)
      KernelInput.cpu.fillNormal(expected, from: stream, deviation: 0.02)
      expectSame(x.doubles(), expected.doubles())
    }
  }
}
