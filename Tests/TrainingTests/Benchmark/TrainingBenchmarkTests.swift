import Collectives
import Faults
import Foundation
import SGMNModel
import Telemetry
import TensorCore
import Testing

@testable import Training

@Suite struct TrainingBenchmarkTests {
  private func options() throws -> BenchmarkOptions {
    let tiny = try TinyRun()
    var options = BenchmarkOptions(tiny.configuration)
    (options.pairCount, options.stepCount, options.warmupStepCount) = (3, 4, 1)
    return options
  }

  private func fields(_ line: String) -> [String: String] {
    let pairs = line.split(separator: " ").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
    return Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
  }

  private let logger = Logger(terminal: Terminal(canRedraw: false, sink: { _ in }))

  @Test func theLineIsThatOfThePeerAndItsFiguresGoTogether() throws {
    let options = try options()
    let result = try TrainingBenchmark(
      options, backend: CPUBackend(), communicator: SoloCommunicator(), logger: logger
    ).run()
    #expect(result.stepSeconds.count == 4 && result.communicationSeconds.count == 4)
    let fields = fields(result.line)
    #expect(
      result.line.split(separator: " ").map { String($0.prefix { $0 != "=" }) }.starts(with: [
        "pairs_per_s", "step_s", "encoder_gflops_per_process", "peak_gib", "world", "pairs", "dtype", "smf", "loss",
      ]))
    #expect(fields["world"] == "1" && fields["pairs"] == "3" && fields["dtype"] == "fp32" && fields["smf"] == "patch")
    let median = BenchmarkLine.median(result.stepSeconds)
    let rate = try #require(fields["pairs_per_s"].flatMap { Double($0) })
    #expect(abs(rate * median - 3) < 0.001)
    #expect(result.loss.isFinite && result.loss > 0)
  }

  /// The parts of one rank go through the same step as those of several.
  @Test func virtualRanksShareThePairsOfARank() throws {
    var options = try options()
    (options.pairCount, options.configuration.compute.virtualRanks) = (8, 4)
    let run = { (options: BenchmarkOptions) in
      try TrainingBenchmark(options, backend: CPUBackend(), communicator: SoloCommunicator(), logger: logger).run()
    }
    let result = try run(options)
    #expect(result.loss.isFinite && fields(result.line)["pairs"] == "8")
    options.pairCount = 6
    let fault = #expect(throws: AgreedFault.self) { _ = try run(options) }
    #expect(fault?.fault.code == .usage)
    #expect(fault?.fault.what == "6 pairs of a rank cannot be shared by its 4 virtual ranks")
  }

  /// Ten steps on the same pictures: a step that did not update, or updated wrongly, would not lower the loss.
  @Test func theStepsTrain() throws {
    var options = try options()
    options.configuration.optimizer.learningRate = 1e-3
    let loss = { (count: Int) in
      var options = options
      options.stepCount = count
      return try TrainingBenchmark(
        options, backend: CPUBackend(), communicator: SoloCommunicator(), logger: logger
      ).run().loss
    }
    #expect(try loss(10) < loss(1))
  }

  @Test func aProfileOfItHasEveryTimedStep() throws {
    let options = try options()
    let backend = ProfilingBackend(CPUBackend(), profile: KernelProfile())
    var table = ""
    var request = ProfileRequest(backend) { table += $0 }
    let path = NSTemporaryDirectory() + "sgmn-trace-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    request.tracePath = path
    _ = try TrainingBenchmark(options, backend: backend, communicator: SoloCommunicator(), logger: logger)
      .run(profile: request)
    #expect(table.contains("profile of 4 steps"), "\(table)")
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func encodingAndTheEncoderAloneHaveTheirLines() throws {
    let options = try options()
    let (backend, solo) = (CPUBackend(), SoloCommunicator())
    let encoding = try fields(EncodingBenchmark(options, backend: backend, communicator: solo).run())
    #expect(encoding["clips_per_s"].flatMap { Double($0) } ?? 0 > 0)
    let encoder = try fields(EncoderBenchmark(options, backend: backend, communicator: solo).run())
    let number = { (name: String) in encoder[name].flatMap { Double($0) } ?? .nan }
    #expect(number("products_gflops") > 0)
    #expect(abs(number("encoder_s") * number("share") - number("products_s")) < 0.01 * number("encoder_s") + 2e-4)
  }

  @Test func randomBatchesAreWholeAndEveryRanksOwn() {
    let model = ModelConfiguration()
    let (first, second) = (PairBatch.random(2, model, rank: 0, of: 2), PairBatch.random(2, model, rank: 1, of: 2))
    #expect(first.validCounts == [10, 10] && first.frames.count == 20 * (224 * 224 + 2 * 112 * 112))
    #expect(first.images != second.images && Set(first.productKeys + second.productKeys).count == 4)
    #expect(first.images == PairBatch.random(2, model, rank: 0, of: 2).images)
    #expect(Set(first.images).count == 256)
  }

  /// Where negatives are global, all ranks choose by the same numbers, as many as all have pairs.
  @Test func theNumbersOfMiningAreThoseOfItsPairs() {
    var model = ModelConfiguration()
    (model.resolution, model.mining) = (32, .distance)
    let own = (0..<2).map { PairBatch.random(3, model, rank: $0, of: 2).uniform }
    #expect(own[0].count == 30 && own[0] != own[1])
    model.negatives = .global
    let common = (0..<2).map { PairBatch.random(3, model, rank: $0, of: 2).uniform }
    #expect(common[0].count == 60 && common[0] == common[1])
  }

  @Test func everyWayOfMiningIsMeasuredAndTextsWithoutTokensAreNotGated() throws {
    var options = try options()
    (options.configuration.model.mining, options.configuration.model.negatives) = (.distance, .global)
    try options.validate()
    let result = try TrainingBenchmark(
      options, backend: CPUBackend(), communicator: SoloCommunicator(), logger: logger
    ).run()
    #expect(result.loss.isFinite)
    options.configuration.model.textFilter = .gated
    #expect(throws: Fault.self) { try options.validate() }
    options.configuration.model.text = false
    options.configuration.model.tmc = false
    try options.validate()
  }

  /// Weights, gradients and moments are tensors, and a profile hides none.
  @Test func theMemoryOfTensorsIsOnTheLine() throws {
    let options = try options()
    for backend in [CPUBackend(), ProfilingBackend(CPUBackend(), profile: KernelProfile())] as [any Backend] {
      let result = try TrainingBenchmark(
        options, backend: backend, communicator: SoloCommunicator(), logger: logger
      ).run()
      let worker = try #require(((backend as? ProfilingBackend)?.base ?? backend) as? CPUBackend)
      let gibibytes = String(format: "%.2f", Double(worker.peakLiveByteCount) / 1_073_741_824)
      #expect(fields(result.line)["tensors_gib"] == gibibytes)
      #expect(worker.peakLiveByteCount > 16 * (fields(result.line)["parameters"].flatMap { Int($0) } ?? .max))
    }
  }

  @Test func theMedianIsInTheMiddle() {
    #expect(BenchmarkLine.median([3, 1, 2]) == 2)
    #expect(BenchmarkLine.median([4, 1, 2, 3]) == 2.5)
  }
}
