import Checkpointing
import Faults
import Foundation
import Testing

@testable import Training

/// A checkpoint of each format that there has been, made once and kept for ever: what a run wrote then, a run of today
/// goes on from.
@Suite struct EarlierCheckpointTests {
  private static let fixtures = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
    url.deletingLastPathComponent()
  }.appendingPathComponent("CheckpointingTests/Fixtures").path

  /// The configuration of the run that wrote the fixtures, on the shards of `TinyRun()`.
  private func configuration(_ tiny: TinyRun) -> RunConfiguration {
    var c = tiny.configuration
    c.schedule.steps = 4
    c.checkpoint.every = 2
    c.model.width = 8
    c.model.embedDim = 8
    c.model.fusionHidden = 8
    c.model.text = false
    c.compute.precision = .float32
    return c
  }

  @Test(arguments: [1]) func aRunGoesOnFromAnEarlierFormat(format: Int) throws {
    let tiny = try TinyRun()
    let folder = "\(Self.fixtures)/format-\(format)/step-00000002"
    if let copy = ProcessInfo.processInfo.environment["SGMN_RENEW_FIXTURES"] {
      // For a new format alone: the fixtures of earlier ones are never written again.
      #expect(try tiny.trainer(configuration(tiny), out: "run").run() == .done)
      try FileManager.default.copyItem(atPath: "\(tiny.folder)/run/checkpoints", toPath: "\(copy)/format-\(format)")
    }
    let checkpoint = try CheckpointStore.load(folder)
    #expect(checkpoint.step == 2 && checkpoint.manifest.format == format)
    let state = try TrainingCheckpoint.readState(checkpoint)
    #expect(state.step == 2 && state.pairCount == 12 && state.rankCount == 1 && state.precision == .float32)
    let trainer = try tiny.trainer(configuration(tiny), out: "resumed", resume: .from(folder))
    #expect(trainer.state.step == 2 && trainer.optimizer.stepCount == 2)
    #expect(trainer.arena.values.floats().contains { $0 != 0 })
    #expect(trainer.optimizer.firstMoment.floats().contains { $0 != 0 })
    #expect(try trainer.run() == .done)
  }
}
