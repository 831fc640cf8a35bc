import NeuralNetworks
import SGMNModel
import TensorCore
import Testing

@testable import Training

@Suite struct EncoderWorkTests {
  /// The formula of scripts/peers/bench_torch.py, in its own numbers.
  @Test func operationsOfTheDefaultModelAreThoseOfThePeer() {
    let pictures = 44
    let vit = 2 * 12 * 768 * 768 * 50 * 12 + 2 * 2 * 50 * 50 * 768 * 12 + 2 * 49 * 3072 * 768
    let work = EncoderWork(ModelConfiguration(), pictureCount: pictures)
    #expect(work.forwardOperationCount == vit * pictures)
    #expect(work.trainingOperationCount == 3 * vit * pictures)
  }

  /// The products that are compared with the encoder are those that the encoder does: no more, no less.
  @Test(arguments: [DType.float32, .bfloat16]) func productsAreThoseOfTheEncoder(format: DType) {
    var model = ModelConfiguration()
    (model.resolution, model.patch, model.width, model.heads, model.layers, model.embedDim) = (12, 4, 24, 2, 3, 16)
    let pictures = 3
    let profile = KernelProfile(isRecording: false)
    let backend = ProfilingBackend(CPUBackend(), profile: profile)
    let encoder = VisualEncoder(model)
    let arena = ParameterArena(
      encoder, seed: 1, operandFormat: format == .float32 ? nil : format, backend: backend)
    let bytes = [UInt8](repeating: 100, count: pictures * 3 * 12 * 12)
    let counted = {
      profile.events.filter { $0.kernel.isProduct }.reduce(into: [Int: Int]()) { counts, event in
        counts[event.floatingOperationCount, default: 0] += 1
      }
    }
    profile.isRecording = true
    let tokens = encoder(patches: encoder.patches(of: bytes, dtype: .float32, backend: backend), classTokensOnly: false)
    let ones = Tensor(uninitialized: tokens.shape, backend: backend)
    backend.fill(ones, with: 1)
    tokens.backward(from: ones)
    let ofEncoder = counted()
    profile.reset()
    let work = EncoderWork(model, pictureCount: pictures)
    BareProducts(work, format: format, backend: backend).run()
    #expect(counted() == ofEncoder)
    #expect(ofEncoder.reduce(0) { $0 + $1.key * $1.value } == work.productOperationCount)
    withExtendedLifetime(arena) {}
  }
}
