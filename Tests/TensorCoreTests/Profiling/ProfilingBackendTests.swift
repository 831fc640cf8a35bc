import Randomness
import Testing

@testable import TensorCore

@Suite struct ProfilingBackendTests {
  private func normals(_ shape: [Int], on backend: any Backend, seed: UInt64) -> Tensor {
    let x = Tensor(uninitialized: shape, backend: backend)
    backend.fillNormal(x, from: RandomStream(seed: seed, "profile"), deviation: 1)
    return x
  }

  /// A linear layer, a norm and attention with their gradients: what they are on the backend, and their sums.
  private func compute(on backend: any Backend) -> [[Float]] {
    let x = normals([2, 5, 12], on: backend, seed: 1)
    let weight = normals([36, 12], on: backend, seed: 2)
    let gradient = Tensor.zeros([36, 12], backend: backend)
    weight.collectGradient(in: gradient)
    let ones = Tensor([Float](repeating: 1, count: 12), shape: [12], backend: backend)
    let zeros = Tensor.zeros([12], backend: backend)
    let y = x.layerNorm(gamma: ones, beta: zeros).linear(weight).selfAttention(heads: 3).quickGELU()
    let loss = (y * y).sum()
    loss.backward()
    return [y.floats(), gradient.floats(), [Float(loss.item())]]
  }

  @Test func everyKernelOfAnOperatorIsRecordedAndNothingElseChanges() {
    let profile = KernelProfile()
    let profiling = ProfilingBackend(cpu, profile: profile)
    #expect(compute(on: profiling) == compute(on: cpu))
    let kernels = Set(profile.events.map(\.kernel))
    let expected: [Kernel] = [
      .fillNormal, .fill, .layerNorm, .productWithTransposed, .attention, .apply, .multiply, .sum, .attentionBackward,
      .productOfTransposed, .upload, .download,
    ]
    #expect(kernels.isSuperset(of: expected), "\(Set(expected).subtracting(kernels)) missing")
    #expect(profile.recordedCount == profile.events.count)
    #expect(profile.totals.values.reduce(0) { $0 + $1.count } == profile.recordedCount)
  }

  @Test func tensorsOfATensorStayWithTheProfile() {
    let profiling = ProfilingBackend(cpu, profile: KernelProfile())
    let x = normals([3, 4], on: profiling, seed: 1)
    for tensor in [x + x, x.transposed(), x.detached(), x.converted(to: .float64), x.reshaped([4, 3]).sum()] {
      #expect(tensor.backend === profiling)
    }
    #expect(x.hostElements != nil)
  }

  @Test func aProductCountsTwiceItsSizes() throws {
    let profile = KernelProfile()
    let profiling = ProfilingBackend(cpu, profile: profile)
    let (m, n, k, batch) = (7, 5, 3, 4)
    let a = normals([batch, m, k], on: profiling, seed: 1)
    let b = normals([batch, n, k], on: profiling, seed: 2)
    _ = a.product(b, transposingOther: true)
    let event = try #require(profile.events.last)
    #expect(event.kernel == .productWithTransposed)
    #expect(event.floatingOperationCount == 2 * m * n * k * batch)
    #expect(event.byteCount == batch * 4 * (m * k + k * n + m * n))
    #expect("\(event.shape)" == "4·7×5×3")
  }

  @Test func productsOfOneLayerAreOneOperatorWhateverTheCountOfRows() {
    let profile = KernelProfile()
    let profiling = ProfilingBackend(cpu, profile: profile)
    let weight = normals([6, 4], on: profiling, seed: 1)
    for rows in [3, 8] { _ = normals([rows, 4], on: profiling, seed: 2).linear(weight) }
    let operators = profile.totals.filter { $0.key.kernel.isProduct }
    #expect(operators.count == 1)
    #expect(operators.first?.key.name == "product a·bᵀ n×6×4 float32")
    #expect(operators.first?.value.count == 2)
    #expect(operators.first?.value.floatingOperationCount == 2 * 11 * 6 * 4)
  }

  @Test func nothingIsRecordedWhileItIsOff() {
    let profile = KernelProfile(isRecording: false)
    let profiling = ProfilingBackend(cpu, profile: profile)
    let x = normals([4], on: profiling, seed: 1)
    #expect(profile.recordedCount == 0)
    profile.isRecording = true
    _ = x + x
    profile.isRecording = false
    _ = x + x
    #expect(profile.events.map(\.kernel) == [.add])
  }

  @Test func theLastEventsAreKept() {
    let profile = KernelProfile(eventLimit: 10)
    let profiling = ProfilingBackend(cpu, profile: profile)
    let x = normals([4], on: profiling, seed: 1)
    for _ in 0..<100 { _ = x + x }
    #expect(profile.recordedCount == 101)
    #expect(profile.events.count == 10 && profile.events.allSatisfy { $0.kernel == .add })
    #expect(zip(profile.events, profile.events.dropFirst()).allSatisfy { $0.start + $0.duration <= $1.start })
    #expect(profile.totals.values.reduce(0) { $0 + $1.count } == 101)
  }
}
