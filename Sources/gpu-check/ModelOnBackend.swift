import NeuralNetworks
import Optimization
import SGMNModel
import TensorCore
import Training

/// The model with its starting weights on one worker: the same weights on every worker.
struct ModelOnBackend {
  let model: SGMN
  let arena: ParameterArena
  let backend: any Backend

  init(_ configuration: ModelConfiguration, operandFormat: DType?, backend: any Backend) throws {
    model = try SGMN(configuration)
    arena = ParameterArena(model, seed: 1, operandFormat: operandFormat, backend: backend)
    self.backend = backend
  }

  struct Gradients {
    let losses: [(name: String, value: Double)]
    let all: [Float]
  }

  /// One forward and backward pass.
  func gradients(of batch: PairBatch) throws -> Gradients {
    arena.emptyGradients()
    let output = model(batch, backend: backend)
    output.backward()
    arena.settleGradients()
    let losses = (output.losses + [("total", output.total!)]).map { (name: $0.0, value: $0.1.item()) }
    let all = arena.gradients.floats()
    try backend.throwIfFailed()
    return Gradients(losses: losses, all: all)
  }

  /// The total loss before each of some steps of AdamW on batches that come again and again.
  func lossCurve(_ batches: [PairBatch], stepCount: Int, rate: Double) throws -> [Double] {
    let optimizer = AdamW(arena, configuration: AdamWConfiguration())
    return try (0..<stepCount).map { step in
      let gradients = try gradients(of: batches[step % batches.count])
      let norm = GradientClipping.norm(of: arena)
      optimizer.update(rate: rate, gradientScale: GradientClipping.scale(norm: norm, limit: 1))
      return gradients.losses.last!.value
    }
  }
}
