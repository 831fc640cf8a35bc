import Collectives
import NeuralNetworks
import Randomness
import SGMNModel
import TensorCore

/// The visual encoder alone, forward and backward, in turns with its bare matrix products in the same library.
public struct EncoderBenchmark {
  let options: BenchmarkOptions
  let backend: any Backend
  let communicator: any Communicator

  public init(_ options: BenchmarkOptions, backend: any Backend, communicator: any Communicator) {
    (self.options, self.backend, self.communicator) = (options, backend, communicator)
  }

  /// The line of `sgmn-train bench --encoder`: both speeds count the products alone. Collective.
  public func run() throws -> String {
    let model = options.configuration.model
    let work = EncoderWork(model, pictureCount: options.pairCount * (model.frames + 1))
    let encoder = VisualEncoder(model)
    let arena = ParameterArena(
      encoder, seed: UInt64(options.configuration.seed),
      operandFormat: options.precision.operandFormat, backend: backend)
    let batch = PairBatch.random(options.pairCount, model, rank: communicator.rank, of: communicator.rankCount)
    let pictures = batch.images + batch.frames
    let products = BareProducts(
      work, format: options.precision.operandFormat ?? .float32, backend: backend)
    var (encoderSeconds, productSeconds) = ([Double](), [Double]())
    for number in 0..<(options.warmupStepCount + options.stepCount) {
      try communicator.barrier()
      let start = monotonicSeconds()
      let tokens = encoder(
        patches: encoder.patches(of: pictures, layout: batch.layout, dtype: .float32, backend: backend),
        classTokensOnly: false)
      tokens.backward(from: Tensor.ones(like: tokens))
      backend.synchronize()
      let middle = monotonicSeconds()
      try communicator.barrier()
      let before = monotonicSeconds()
      products.run()
      backend.synchronize()
      let end = monotonicSeconds()
      guard number >= options.warmupStepCount else { continue }
      encoderSeconds.append(middle - start)
      productSeconds.append(end - before)
    }
    try backend.throwIfFailed()
    return withExtendedLifetime(arena) {
      line(work, BenchmarkLine.median(encoderSeconds), BenchmarkLine.median(productSeconds))
    }
  }

  private func line(_ work: EncoderWork, _ encoder: Double, _ products: Double) -> String {
    let operations = Double(work.productOperationCount) / 1e9
    var line = BenchmarkLine()
    line.add("encoder_gflops", operations / encoder, digits: 1)
    line.add("products_gflops", operations / products, digits: 1)
    line.add("share", products / encoder, digits: 4)
    line.add("encoder_s", encoder, digits: 4)
    line.add("products_s", products, digits: 4)
    line.add("world", communicator.rankCount)
    line.add("pairs", options.pairCount)
    line.add("dtype", options.formatName)
    return line.text
  }
}

extension Tensor {
  fileprivate static func ones(like x: Tensor) -> Tensor {
    let ones = Tensor(uninitialized: x.shape, dtype: x.dtype, backend: x.backend)
    x.backend.fill(ones, with: 1)
    return ones
  }
}
