import Collectives
import NeuralNetworks
import SGMNModel
import TensorCore

/// The speed of an evaluation's encoding: images and clips of random pictures to embeddings, without gradients.
public struct EncodingBenchmark {
  let options: BenchmarkOptions
  let backend: any Backend
  let communicator: any Communicator

  public init(_ options: BenchmarkOptions, backend: any Backend, communicator: any Communicator) {
    (self.options, self.backend, self.communicator) = (options, backend, communicator)
  }

  /// The line of `sgmn-train bench --encode-only`. Collective.
  public func run() throws -> String {
    let configuration = options.configuration
    let model = try SGMN(configuration.model)
    let arena = ParameterArena(
      model, seed: UInt64(configuration.seed), operandFormat: options.precision.operandFormat,
      backend: backend)
    let batch = PairBatch.random(
      options.pairCount, configuration.model, rank: communicator.rank, of: communicator.rankCount)
    let clips = ClipBatch(
      clipCount: batch.pairCount, frameCount: batch.frameCount, layout: batch.layout, frames: batch.frames,
      frameSlots: batch.frameSlots, mask: batch.mask)
    var seconds: [Double] = []
    for number in 0..<(options.warmupStepCount + options.stepCount) {
      try communicator.barrier()
      let start = monotonicSeconds()
      let images = model.imageEmbeddings(batch.images, layout: batch.layout, backend: backend).floats()
      let vectors = model.clipEmbeddings(clips, backend: backend).floats()
      let elapsed = monotonicSeconds() - start
      try backend.throwIfFailed()
      precondition((images + vectors).allSatisfy(\.isFinite), "embeddings that are not finite")
      if number >= options.warmupStepCount { seconds.append(elapsed) }
    }
    return withExtendedLifetime(arena) { line(BenchmarkLine.median(seconds)) }
  }

  private func line(_ step: Double) -> String {
    let model = options.configuration.model
    let work = EncoderWork(model, pictureCount: options.pairCount * (model.frames + 1))
    var line = BenchmarkLine()
    line.add("clips_per_s", Double(options.pairCount * communicator.rankCount) / step, digits: 4)
    line.add("step_s", step, digits: 4)
    line.add("encoder_gflops_per_process", Double(work.forwardOperationCount) / step / 1e9, digits: 1)
    line.add("peak_gib", BenchmarkLine.peakGibibytes, digits: 2)
    line.add("world", communicator.rankCount)
    line.add("pairs", options.pairCount)
    line.add("dtype", options.formatName)
    line.addTensorMemory(of: backend)
    return line.text
  }
}
