import CUDAWorker
import TensorCore

/// Gradients on the GPU of the only rank: nothing travels, and the norm is computed where they lie.
// @unchecked: used by one thread.
final class SoloCarrier: GradientCarrier, @unchecked Sendable {
  private let gradients: Tensor
  private let gpu: CUDABackend

  let wire = WireFormat.float32

  init(_ gradients: Tensor, on gpu: CUDABackend) { (self.gradients, self.gpu) = (gradients, gpu) }

  func finish() throws -> CarriedGradients {
    let squares = gradients.backend.sumOfSquares(gradients)
    try gpu.throwIfFailed()
    return CarriedGradients(squares: squares, deviceWaitSeconds: 0)
  }

  func begin() {}
  func markWhole(_ places: Range<Int>) {}
  func markEnd() {}
  func enterThread() {}
  func carry(_ place: Int, allowedCount: Int) {}
  func close() {}
}
