import Collectives
import Faults
import Foundation
import ShardFormat
import Synchronization
import Testing

@testable import Training

@Suite struct TrainerTests {
  private func weights(_ trainer: Trainer) -> [Float] { trainer.arena.values.floats() }

  private func losses(_ path: String) throws -> [Int: Double] {
    var result: [Int: Double] = [:]
    for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
      let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      if let step = fields["step"] as? Int, let loss = fields["loss"] as? Double { result[step] = loss }
    }
    return result
  }

  @Test func aRunEndsWithACheckpointMetricsAndItsConfiguration() throws {
    let tiny = try TinyRun()
    let trainer = try tiny.trainer(tiny.configuration, out: "run")
    let before = weights(trainer)
    #expect(try trainer.run() == .done)
    #expect(weights(trainer) != before)
    #expect(try losses("\(tiny.folder)/run/metrics.jsonl").count == 8)
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(tiny.folder)/run/checkpoints")
    #expect(names.contains("step-00000008"))
    let text = try String(contentsOfFile: "\(tiny.folder)/run/config.yaml", encoding: .utf8)
    #expect(text.contains("global_batch: 4"))
    #expect(try ConfigurationFile.load(path: "\(tiny.folder)/run/config.yaml", settings: []) == tiny.configuration)
  }

  /// Stopped at every possible step and resumed, a run ends in the same bits and writes the same losses.
  @Test(arguments: 1..<8) func aResumedRunIsBitwiseEqual(stop: Int) throws {
    let tiny = try TinyRun()
    let whole = try tiny.trainer(tiny.configuration, out: "whole")
    _ = try whole.run()
    var first: Trainer? = try tiny.trainer(tiny.configuration, out: "cut")
    try first?.run(stoppingAfter: stop)
    first = nil  // gives the lock of the folder back
    let second = try tiny.trainer(tiny.configuration, out: "cut")
    #expect(second.state.step == stop)
    #expect(try second.run() == .done)
    #expect(weights(second) == weights(whole))
    #expect(second.optimizer.firstMoment.floats() == whole.optimizer.firstMoment.floats())
    #expect(try losses("\(tiny.folder)/cut/metrics.jsonl") == losses("\(tiny.folder)/whole/metrics.jsonl"))
  }

  /// The configuration alone does not say it: where a processor lacks bf16 instructions, a run of bf16 is one of float32.
  @Test func aResumeInAnotherPrecisionWarns() throws {
    let tiny = try TinyRun()
    var configuration = tiny.configuration
    configuration.compute.precision = .bf16
    let resume = { () -> (trainer: Trainer, warnings: [String]) in
      let lines = Mutex<[String]>([])
      let trainer = try tiny.trainer(configuration, out: "run") { line in lines.withLock { $0.append(line) } }
      return (trainer, lines.withLock { $0 }.filter { $0.contains("the checkpoint was made with products in") })
    }
    var first: Trainer? = try resume().trainer
    let own = try #require(first?.state.precision)
    try first?.run(stoppingAfter: 4)
    first = nil
    var second: (trainer: Trainer, warnings: [String])? = try resume()
    #expect(second?.warnings == [] && second?.trainer.state.precision == own)
    let other = own == .bf16 ? RunConfiguration.Precision.float32 : .bf16
    second?.trainer.state.precision = other
    try second?.trainer.run(stoppingAfter: 5)
    second = nil
    let third = try resume()
    #expect(third.trainer.state.step == 5 && third.trainer.state.precision == own)
    #expect(third.warnings.count == 1)
    #expect(third.warnings.first?.contains("in \(other.rawValue), this run computes them in \(own.rawValue)") == true)
  }

  @Test func aStateWithoutAPrecisionIsOfFloat32() throws {
    let tiny = try TinyRun()
    var state = try tiny.trainer(tiny.configuration, out: "run").state
    (state.step, state.precision, state.replacedSamples) = (2, .bf16, [3])
    state.best = RunState.Best(step: 2, recall: 0.5)
    #expect(try RunState.decoded(state.encoded(), path: "new") == state)
    var fields = try #require(JSONSerialization.jsonObject(with: Data(state.encoded())) as? [String: Any])
    #expect(fields.removeValue(forKey: "precision") as? String == "bf16")
    state.precision = .float32
    let old = [UInt8](try JSONSerialization.data(withJSONObject: fields))
    #expect(try RunState.decoded(old, path: "old") == state)
  }

  @Test func withoutAClippingNormNothingIsClipped() throws {
    let tiny = try TinyRun()
    var configuration = tiny.configuration
    configuration.optimizer.clipNorm = 0
    #expect(try tiny.trainer(configuration, out: "run").run() == .done)
  }

  @Test func aCheckpointOfAnotherConfigurationNamesTheFields() throws {
    let tiny = try TinyRun()
    var first: Trainer? = try tiny.trainer(tiny.configuration, out: "run")
    _ = try first?.run()
    first = nil
    var other = tiny.configuration
    other.model.embedDim = 32
    other.optimizer.learningRate = 1e-3
    other.checkpoint.every = 7  // may change
    let error = #expect(throws: AgreedFault.self) { try tiny.trainer(other, out: "run") }
    let fault = try #require(error?.fault)
    #expect(fault.code == .configuration)
    #expect(fault.what.contains("model.embed_dim: checkpoint=16 now=32"))
    #expect(fault.what.contains("optimizer.learning_rate"))
    #expect(!fault.what.contains("checkpoint.every"))
  }

  @Test func aCutCheckpointIsPassedOverLoudly() throws {
    let tiny = try TinyRun()
    var first: Trainer? = try tiny.trainer(tiny.configuration, out: "run")
    _ = try first?.run()
    first = nil
    let path = "\(tiny.folder)/run/checkpoints/step-00000008/model.safetensors"
    let data = try #require(FileManager.default.contents(atPath: path))
    try data.prefix(data.count - 10).write(to: URL(fileURLWithPath: path))
    let lines = Mutex<[String]>([])
    let second = try tiny.trainer(tiny.configuration, out: "run") { line in lines.withLock { $0.append(line) } }
    #expect(second.state.step == 6)
    #expect(lines.withLock { $0 }.contains { $0.contains("step-00000008") && $0.contains("warning") })
  }

  @Test func aStopSavesAnewWhereADamagedCheckpointIs() throws {
    let tiny = try TinyRun()
    var configuration = tiny.configuration
    configuration.schedule.steps = 10
    var trainer: Trainer? = try tiny.trainer(configuration, out: "run")
    try trainer?.run(stoppingAfter: 8)
    trainer = nil
    let path = "\(tiny.folder)/run/checkpoints/step-00000008/model.safetensors"
    let data = try #require(FileManager.default.contents(atPath: path))
    try data.prefix(data.count - 10).write(to: URL(fileURLWithPath: path))
    trainer = try tiny.trainer(configuration, out: "run")
    #expect(trainer?.state.step == 6)
    try trainer?.run(stoppingAfter: 8)
    trainer = nil
    #expect(try tiny.trainer(configuration, out: "run").state.step == 8)
  }

  /// The best is kept though no checkpoint was due at its step.
  @Test func aBestEvaluationIsSaved() throws {
    let tiny = try TinyRun()
    var configuration = tiny.configuration
    configuration.evaluation.shards = tiny.shards
    configuration.evaluation.every = 2
    configuration.checkpoint.every = 100
    _ = try tiny.trainer(configuration, out: "run").run()
    let trainer = try tiny.trainer(configuration, out: "run")
    let best = try String(contentsOfFile: "\(tiny.folder)/run/checkpoints/best", encoding: .utf8)
    #expect(best == "step-0000000\(try #require(trainer.state.best).step)\n")
  }

  @Test func twoRunsDoNotShareAFolder() throws {
    let tiny = try TinyRun()
    let first = try tiny.trainer(tiny.configuration, out: "run")
    let error = #expect(throws: AgreedFault.self) { try tiny.trainer(tiny.configuration, out: "run") }
    #expect(error?.fault.code == .outputUnavailable)
    withExtendedLifetime(first) {}
  }

  @Test func resumeNeverRefusesAFolderWithCheckpoints() throws {
    let tiny = try TinyRun()
    var first: Trainer? = try tiny.trainer(tiny.configuration, out: "run")
    _ = try first?.run()
    first = nil
    func expectRefusal() {
      let error = #expect(throws: AgreedFault.self) {
        try tiny.trainer(tiny.configuration, out: "run", resume: .never)
      }
      #expect(error?.fault.code == .outputUnavailable)
    }
    expectRefusal()
    // Damaged, they are a run's all the same.
    let checkpoints = tiny.folder + "/run/checkpoints"
    for name in try FileManager.default.contentsOfDirectory(atPath: checkpoints) where name.hasPrefix("step-") {
      try Data().write(to: URL(fileURLWithPath: "\(checkpoints)/\(name)/manifest.json"))
    }
    expectRefusal()
  }

  /// It may be any of the checkpoints, so none would be removed any more.
  @Test func aDamagedPointerToTheBestIsWrittenAgain() throws {
    let tiny = try TinyRun()
    var configuration = tiny.configuration
    configuration.evaluation.shards = tiny.shards
    var first: Trainer? = try tiny.trainer(configuration, out: "run")
    _ = try first?.run()
    first = nil
    let best = tiny.folder + "/run/checkpoints/best"
    let whole = try String(contentsOfFile: best, encoding: .utf8)
    try "step-".write(toFile: best, atomically: true, encoding: .utf8)
    _ = try tiny.trainer(configuration, out: "run").run()
    #expect(try String(contentsOfFile: best, encoding: .utf8) == whole)
  }

  @Test func dataThatDoesNotFitTheConfigurationIsAFault() throws {
    let tiny = try TinyRun()
    func code(_ change: (inout RunConfiguration) -> Void) -> Faults.ExitCode? {
      var configuration = tiny.configuration
      change(&configuration)
      do {
        _ = try tiny.trainer(configuration, out: "run-\(UUID().uuidString)")
        return nil
      } catch { return (error as? AgreedFault)?.fault.code }
    }
    #expect(code { $0.data.globalBatch = 64 } == .configuration)
    #expect(code { $0.model.resolution = 32 } == .configuration)
    #expect(code { $0.model.textDim = 9 } == .configuration)
    #expect(code { $0.model.textFilter = .gated } == .configuration)
    #expect(
      code {
        $0.model.textFilter = .gated
        $0.model.text = false
      } == nil)
    #expect(code { $0.data.train = "/nowhere" } == .inputMissing)
    #expect(code { $0.data.train = "" } == .usage)
    #expect(code { _ in } == nil)
  }
}

extension Trainer {
  /// Runs, and stops as a signal would have it after `step`.
  fileprivate func run(stoppingAfter step: Int) throws {
    stopAfterStep = step
    #expect(try run() == .stoppedWithCheckpoint)
  }
}
