import Collectives
import Faults
import Foundation
import Synchronization
import Telemetry
import TensorCore
import Testing

@testable import Training

@Suite struct LossSpikesTests {
  /// 1 ± 0.1 in turns, then what follows.
  private func warm(limit: Double = 8, steps: Int = 60) -> LossSpikes {
    var spikes = LossSpikes(limit: limit)
    for step in 0..<steps { #expect(spikes.deviation(of: step % 2 == 0 ? 0.9 : 1.1) == nil) }
    return spikes
  }

  @Test func aLossFarAboveTheOthersIsASpike() throws {
    var spikes = warm()
    let usual = spikes.deviation(of: 1.7)
    #expect(usual == nil)
    let found = spikes.deviation(of: 3)
    let z = try #require(found)
    #expect((8...25).contains(z))
  }

  @Test func aLossFarBelowIsNone() {
    var spikes = warm()
    let z = spikes.deviation(of: 0)
    #expect(z == nil)
  }

  @Test func theFirstStepsFindNothing() {
    var spikes = warm(steps: LossSpikes.warmup - 1)
    let early = spikes.deviation(of: 100)
    #expect(early == nil)
    var next = warm(steps: LossSpikes.warmup)
    let late = next.deviation(of: 100)
    #expect(late != nil)
  }

  @Test func zeroLooksForNone() {
    var spikes = warm(limit: 0)
    let z = spikes.deviation(of: 1e9)
    #expect(z == nil)
  }

  @Test func aSpikeDoesNotHideTheNext() {
    var spikes = warm()
    let first = spikes.deviation(of: 1000)
    #expect(first != nil)
    let second = spikes.deviation(of: 1000)
    #expect(second != nil)
  }

  @Test func aLevelThatStaysHighBecomesTheUsualOne() {
    var spikes = warm()
    let found = (0..<300).count { _ in spikes.deviation(of: 5) != nil }
    #expect((1...150).contains(found))
    let z = spikes.deviation(of: 5)
    #expect(z == nil)
  }

  @Test func lastDigitsOfALossThatStandsStillAreNoSpikes() {
    var spikes = LossSpikes(limit: 8)
    for _ in 0..<100 { _ = spikes.deviation(of: 2) }
    let small = spikes.deviation(of: 2.001)
    #expect(small == nil)
    let great = spikes.deviation(of: 2.1)
    #expect(great != nil)
  }

  @Test func aFallingLossMakesNoSpikes() {
    var spikes = LossSpikes(limit: 8)
    for step in 0..<1000 { #expect(spikes.deviation(of: 5 * exp(-Double(step) / 100)) == nil) }
  }
}

@Suite struct NotFiniteStepTests {
  private func batch(
    _ rank: Int, _ losses: [(name: String, value: Double)], norm: Double = .nan, tensors: [String] = []
  ) -> BadBatch {
    var batch = BadBatch(
      step: 7, rank: rank, losses: losses, gradientNorm: norm, clipIDs: ["clip-\(rank)-a", "clip-\(rank)-b"],
      sampleNumbers: [rank, rank + 10])
    batch.tensors = tensors
    return batch
  }

  @Test func theRankOfABadLossIsNamedWithItsSamples() {
    let found = NotFiniteStep([
      batch(0, [("total", 1), ("visual", 1)]), batch(1, [("total", .nan), ("visual", .infinity)], tensors: ["w"]),
    ])
    #expect(found.what == "The loss of step 7 is not finite: total, visual on rank 1")
    #expect(found.place == "clips clip-1-a, clip-1-b")
    #expect(found.fault().code == .notFinite)
  }

  @Test func aBadGradientNamesItsFirstTensorAndAllSamples() {
    let found = NotFiniteStep([
      batch(0, [("total", 1)], tensors: ["b", "a"]), batch(1, [("total", 1)], tensors: ["c"]),
    ])
    #expect(found.ranks.isEmpty)
    #expect(found.what == "The gradient of step 7 is not finite: a")
    #expect(found.place == "clips clip-0-a, clip-0-b, clip-1-a, clip-1-b")
  }

  /// Every element is a number and their squares' sum is none.
  @Test func anOverflowingNormHasNoTensor() {
    #expect(NotFiniteStep([batch(0, [("total", 1)])]).what.contains("as a whole"))
  }

  @Test func aBatchSurvivesItsFile() throws {
    let bad = batch(3, [("total", .nan), ("a", -.infinity)], norm: .infinity, tensors: ["w"])
    let read = try BadBatch.decoded(bad.encoded())
    #expect(read.losses["total"]?.isNaN == true)
    #expect(read.losses["a"] == -.infinity && read.gradientNorm == .infinity)
    #expect((read.clipIDs, read.sampleNumbers) == (bad.clipIDs, bad.sampleNumbers))
    #expect((read.step, read.rank, read.tensors) == (7, 3, ["w"]))
  }
}

@Suite struct StepGuardTests {
  /// A trainer whose weights are so great that its first loss is not finite, or its gradient; and what it logs.
  private func spoiled(
    _ tiny: TinyRun, _ change: (inout RunConfiguration.SafetyConfiguration) -> Void = { _ in }
  ) throws -> (trainer: Trainer, lines: @Sendable () -> [String]) {
    let lines = Logged()
    var configuration = tiny.configuration
    change(&configuration.safety)
    let trainer = try tiny.trainer(configuration, out: "run") { lines.add($0) }
    var values = trainer.arena.values.floats()
    values[values.count / 2] = .nan
    trainer.arena.values.set(values)
    return (trainer, { lines.all })
  }

  @Test func aRunStopsBeforeAWeightChangesAndWritesItsBatch() throws {
    let tiny = try TinyRun()
    let (trainer, _) = try spoiled(tiny)
    let before = trainer.arena.values.floats().map(\.bitPattern)
    let error = #expect(throws: AgreedFault.self) { try trainer.run() }
    #expect(error?.fault.code == .notFinite)
    #expect(trainer.arena.values.floats().map(\.bitPattern) == before)
    let path = "\(tiny.folder)/run/bad-batch.step-1.rank-0.json"
    let batch = try BadBatch.decoded([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    #expect(batch.clipIDs.count == 4 && Set(batch.sampleNumbers).count == 4)
    #expect(!batch.lossesNotFinite.isEmpty || !batch.tensors.isEmpty)
    for (clip, number) in zip(batch.clipIDs, batch.sampleNumbers) { #expect(clip == "clip-\(number)") }
    let record = try #require(FirstError.records(in: "\(tiny.folder)/run").first)
    #expect(record.code == 80 && record.rank == 0)
    #expect(!FileManager.default.fileExists(atPath: "\(tiny.folder)/run/checkpoints/step-00000003"))
  }

  @Test func skippedStepsChangeNothingAndAreLimited() throws {
    let tiny = try TinyRun()
    let (trainer, lines) = try spoiled(tiny) { ($0.onNotFinite, $0.skipLimit) = (.skip, 2) }
    let before = trainer.arena.values.floats().map(\.bitPattern)
    let error = #expect(throws: AgreedFault.self) { try trainer.run() }
    #expect(error?.fault.code == .notFinite)
    #expect(error?.fault.what.contains("safety.skip_limit is 2") == true)
    #expect(trainer.state.step == 2 && trainer.state.skippedSteps == 2)
    #expect(trainer.optimizer.stepCount == 0)
    #expect(trainer.arena.values.floats().map(\.bitPattern) == before)
    #expect(trainer.optimizer.firstMoment.floats().allSatisfy { $0 == 0 })
    #expect(lines().count { $0.contains("The step is skipped") } == 2)
  }

  /// The optimiser counts updates, not steps, after a stop too.
  @Test func theCountOfUpdatesSurvivesResuming() throws {
    let tiny = try TinyRun()
    var trainer: Trainer? = try tiny.trainer(tiny.configuration, out: "run")
    trainer?.guards.skippedSteps = 2  // as after two skipped steps
    trainer?.stopAfterStep = 5
    #expect(try trainer?.run() == .stoppedWithCheckpoint)
    trainer = nil
    let second = try tiny.trainer(tiny.configuration, out: "run")
    #expect(second.state.step == 5 && second.state.skippedSteps == 2)
    #expect(second.optimizer.stepCount == 3)
    #expect(second.guards.skippedSteps == 2)
  }

  @Test func aStateThatCountsNoSkippedStepsHasNone() throws {
    let tiny = try TinyRun()
    var state = try tiny.trainer(tiny.configuration, out: "run").state
    (state.step, state.skippedSteps) = (5, 4)
    #expect(try RunState.decoded(state.encoded(), path: "new") == state)
    var fields = try #require(JSONSerialization.jsonObject(with: Data(state.encoded())) as? [String: Any])
    #expect(fields.removeValue(forKey: "skippedSteps") as? Int == 4)
    state.skippedSteps = 0
    let old = [UInt8](try JSONSerialization.data(withJSONObject: fields))
    #expect(try RunState.decoded(old, path: "old") == state)
  }

  @Test func aSpikeIsToldAndItsBatchWritten() throws {
    let tiny = try TinyRun()
    let lines = Logged()
    let trainer = try tiny.trainer(tiny.configuration, out: "run") { lines.add($0) }
    func own(_ step: Int) -> BadBatch {
      BadBatch(
        step: step, rank: 0, losses: [("total", 1)], gradientNorm: 1, clipIDs: ["c"], sampleNumbers: [3])
    }
    func summary(_ loss: Double) -> StepSummary {
      StepSummary(losses: [("total", loss)], waitSeconds: 0, skippedCount: 0)
    }
    for step in 1...60 { #expect(try trainer.guards.allowsUpdate(summary(step % 2 == 0 ? 0.9 : 1.1), own(step))) }
    #expect(lines.all.allSatisfy { !$0.contains("standard deviations") })
    #expect(try trainer.guards.allowsUpdate(summary(9), own(61)))
    #expect(lines.all.count { $0.contains("the loss of step 61 is 9, ") } == 1)
    let path = "\(tiny.folder)/run/bad-batch.step-61.rank-0.json"
    let batch = try BadBatch.decoded([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    #expect(batch.reason == .spike && batch.sampleNumbers == [3])
  }
}

private final class Logged: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}
