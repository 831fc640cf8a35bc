import Checkpointing
import Faults
import Foundation
import NeuralNetworks
import Optimization
import SGMNModel
import Supervision
import Synchronization
import Telemetry
import TensorCore
import Testing

@testable import Training

@Suite struct CheckpointSaverTests {
  /// A trainer that has done no step, and what its saver would be.
  private struct Scene {
    let tiny: TinyRun
    let trainer: Trainer
    let lines = LogLines()
    var store: CheckpointStore { CheckpointStore(folder: "\(tiny.folder)/saver/checkpoints", keepLast: 2) }

    init() throws {
      tiny = try TinyRun()
      trainer = try tiny.trainer(tiny.configuration, out: "run")
    }

    func saver(
      isAsynchronous: Bool, waits: [Duration] = [], goesOn: @escaping @Sendable () -> Void = {}
    ) -> CheckpointSaver {
      CheckpointSaver(
        CheckpointWriter(
          store: store, metrics: "\(tiny.folder)/none.jsonl", byteCount: 1 << 16, retries: SaveRetries(waits: waits),
          logger: Logger(terminal: Terminal(canRedraw: false, sink: lines.append)), goesOn: goesOn),
        arena: trainer.arena, optimizer: trainer.optimizer, isAsynchronous: isAsynchronous)
    }

    func state(_ step: Int) -> RunState {
      var state = trainer.state
      state.step = step
      return state
    }

    /// Makes saving fail with an I/O error: a folder stands where a file must go.
    func block() throws {
      try FileManager.default.createDirectory(
        atPath: store.folder + "/latest/in-the-way", withIntermediateDirectories: true)
    }

    func unblock() throws { try FileManager.default.removeItem(atPath: store.folder + "/latest") }
  }

  final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    @Sendable func append(_ line: String) { lines.withLock { $0.append(line) } }
    func count(_ part: String) -> Int { lines.withLock { $0.count { $0.contains(part) } } }
  }

  /// What was saved is what was there at the call, whatever the steps do to it afterwards.
  @Test func aSaveHoldsTheMomentItWasAskedIn() throws {
    let scene = try Scene()
    let saver = scene.saver(isAsynchronous: true)
    let arena = scene.trainer.arena
    let weights = arena.values.floats()
    try saver.save(scene.state(5), isBest: true)
    arena.values.set(weights.map { $0 + 1 })
    try saver.save(scene.state(6), isBest: false)  // behind the first
    #expect(saver.savedStep == 5)
    arena.values.set(weights.map { $0 + 2 })
    try saver.finish()
    #expect(saver.savedStep == 6)
    #expect(try scene.store.list().map(\.step) == [5, 6] && scene.store.best?.step == 5)
    for (checkpoint, shift) in zip(try scene.store.list(), [Float(0), 1]) {
      try TrainingCheckpoint.readModel(checkpoint, into: arena)
      let restored = arena.values.floats()
      for place in CheckpointContents.Place.all(in: arena) {
        #expect(Array(restored[place.range]) == weights[place.range].map { $0 + shift })
      }
    }
    #expect(scene.lines.count("checkpoint of step") == 2)
  }

  /// What --max-time counts with is the time on the disk, not that of the copy.
  @Test(arguments: [true, false]) func aSaveTakesAsLongAsItIsWritten(isAsynchronous: Bool) throws {
    let scene = try Scene()
    let pause = 0.003
    let count = Atomic(0)
    let saver = scene.saver(isAsynchronous: isAsynchronous) {
      count.add(1, ordering: .relaxed)
      usleep(UInt32(pause * 1e6))
    }
    #expect(saver.saveSeconds == nil && !saver.isSaving)
    try saver.save(scene.state(1), isBest: false)
    #expect(saver.isSaving == isAsynchronous)
    try saver.finish()
    #expect(!saver.isSaving)
    let pauses = count.load(ordering: .relaxed)
    #expect(pauses == 1 + 3 * CheckpointContents.Place.all(in: scene.trainer.arena).count)
    #expect(try #require(saver.saveSeconds) >= Double(pauses) * pause)
  }

  /// A disk may take longer for a checkpoint than any phase of a step may take.
  @Test(arguments: [nil, 4]) func allThatIsSavedIsSavedInThePhaseOfCheckpoints(stop: Int?) throws {
    let scene = try Scene()
    let phases = Mutex<[Int: Set<RankProgress.Phase>]>([:])
    let progress = scene.trainer.progress
    scene.trainer.saver = scene.saver(isAsynchronous: false) {
      let now = progress.snapshot
      phases.withLock { _ = $0[now.step, default: []].insert(now.phase) }
    }
    scene.trainer.stopAfterStep = stop
    #expect(try scene.trainer.run() == (stop == nil ? .done : .stoppedWithCheckpoint))
    let expected: [Int] = stop == nil ? [3, 6, 8] : [3, 4]
    #expect(phases.withLock { $0 } == Dictionary(uniqueKeysWithValues: expected.map { ($0, [.checkpoint]) }))
  }

  @Test func bothWaysWriteTheSameBytes() throws {
    let scene = try Scene()
    for (step, isAsynchronous) in [(1, true), (2, false)] {
      scene.trainer.optimizer.stepCount = 9
      let saver = scene.saver(isAsynchronous: isAsynchronous)
      try saver.save(scene.state(7), isBest: false)
      try saver.finish()
      let copy = "\(scene.tiny.folder)/copy-\(step)"
      try FileManager.default.moveItem(atPath: scene.store.folder + "/step-00000007", toPath: copy)
    }
    for file in [TrainingCheckpoint.modelFile, TrainingCheckpoint.optimizerFile, RunState.fileName] {
      let bytes = [1, 2].map { FileManager.default.contents(atPath: "\(scene.tiny.folder)/copy-\($0)/\(file)") }
      #expect(bytes[0] != nil && bytes[0] == bytes[1], "\(file)")
    }
  }

  @Test(arguments: [true, false]) func whatIsNotFiniteIsNeverSaved(isAsynchronous: Bool) throws {
    let scene = try Scene()
    let saver = scene.saver(isAsynchronous: isAsynchronous, waits: [.zero, .zero])
    func save(_ step: Int) throws {
      try saver.save(scene.state(step), isBest: false)
      try saver.finish()
    }
    try save(1)
    let entry = try #require(scene.trainer.arena.entries.last)
    for (prefix, tensor) in [
      ("", scene.trainer.arena.values), ("first.", scene.trainer.optimizer.firstMoment),
      ("second.", scene.trainer.optimizer.secondMoment),
    ] {
      let whole = tensor.floats()
      var broken = whole
      broken[entry.range.upperBound - 1] = prefix.isEmpty ? .nan : .infinity
      tensor.set(broken)
      let fault = #expect(throws: Fault.self) { try save(2) }
      #expect(fault?.code == .notFinite && fault?.what.contains(" \(prefix)\(entry.name) ") == true, "\(fault as Any)")
      tensor.set(whole)
    }
    #expect(try scene.store.list().map(\.step) == [1] && saver.savedStep == 1)
    try save(2)
    #expect(try scene.store.list().map(\.step) == [1, 2])
  }

  @Test(arguments: [true, false]) func aDiskThatFailsForGoodEndsTheRun(isAsynchronous: Bool) throws {
    let scene = try Scene()
    let saver = scene.saver(isAsynchronous: isAsynchronous, waits: [.milliseconds(1), .milliseconds(1)])
    try saver.save(scene.state(1), isBest: false)
    try saver.finish()
    try FileManager.default.removeItem(atPath: scene.store.folder + "/latest")
    try scene.block()
    let fault = #expect(throws: Fault.self) {
      try saver.save(scene.state(2), isBest: false)
      try saver.finish()
    }
    #expect(fault?.code == .inputOutput)
    for part in ["of step 2 could not be saved in 3 attempts", "needs 65536 bytes", " are free", "of step 1 stays"] {
      #expect(fault?.what.contains(part) == true, "\(fault as Any)")
    }
    #expect(scene.lines.count("attempt 1 of 3") == 1 && scene.lines.count("attempt 2 of 3") == 1)
    #expect(scene.lines.count("checkpoint of step 2 in") == 0 && saver.savedStep == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scene.store.folder).allSatisfy { !$0.hasPrefix(".") })
    try saver.check()  // it is told once
  }

  @Test func aDiskThatComesBackIsUsed() throws {
    let scene = try Scene()
    try scene.block()
    let saver = scene.saver(isAsynchronous: true, waits: Array(repeating: .milliseconds(20), count: 500))
    try saver.save(scene.state(3), isBest: false)
    while scene.lines.count("attempt 2 of 501") == 0 { usleep(1_000) }
    try scene.unblock()
    try saver.finish()
    #expect(try scene.store.list().map(\.step) == [3])
  }

  @Test func aStepHearsOfAFailedSave() throws {
    let scene = try Scene()
    try scene.block()
    let saver = scene.saver(isAsynchronous: true)
    try saver.save(scene.state(3), isBest: false)
    var fault: Fault?
    while fault == nil {
      do { try saver.check() } catch { fault = error as? Fault }
      usleep(1_000)
    }
    #expect(fault?.code == .inputOutput)
  }

  @Test func onlyWhatMayPassIsTriedAgain() {
    let retries = SaveRetries()
    #expect(retries.attemptCount == 3)
    let full = Fault.system("write", path: "/x", errno: ENOSPC)
    #expect([1, 2, 3].map { retries.wait(afterAttempt: $0, failedWith: full) } == [.seconds(1), .seconds(4), nil])
    for code in Faults.ExitCode.allCases where code != .inputOutput {
      #expect(retries.wait(afterAttempt: 1, failedWith: Fault(code, "")) == nil)
    }
  }
}
