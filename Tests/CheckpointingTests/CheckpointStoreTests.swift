import Faults
import Foundation
import Synchronization
import Testing

@testable import Checkpointing

@Suite struct CheckpointStoreTests {
  private let temporary: TemporaryFolder
  private let store: CheckpointStore
  private var root: String { temporary.path + "/checkpoints" }

  init() throws {
    temporary = try TemporaryFolder()
    store = CheckpointStore(folder: temporary.path + "/checkpoints", createdBy: "test 1.0")
  }

  private func fill(_ draft: CheckpointDraft) throws {
    try draft.write(Array("state \(draft.step)".utf8), to: "state.json")
    let weights = (0..<64).map { Float($0 + draft.step) }
    try weights.withUnsafeBytes {
      try draft.write([.init(name: "w", type: .float32, shape: [64], bytes: $0)], to: "model.safetensors")
    }
    try "by hand".write(toFile: draft.path("notes.txt"), atomically: false, encoding: .utf8)
  }

  private func save(_ steps: Int..., to store: CheckpointStore? = nil) throws {
    for step in steps { try (store ?? self.store).save(step: step, write: fill) }
  }

  private func listing() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: root).sorted() }

  private func load() throws -> (step: Int?, warnings: [String]) {
    var warnings: [String] = []
    return (try store.loadLatest { warnings.append($0) }?.step, warnings)
  }

  @Test func aCheckpointHoldsWhatWasSaved() throws {
    try save(100)
    #expect(try listing() == ["latest", "step-00000100"])
    #expect(try contents(root + "/latest") == Array("step-00000100\n".utf8))
    let checkpoint = try #require(try store.loadLatest { Issue.record("\($0)") })
    #expect(checkpoint.step == 100 && checkpoint.manifest.createdBy == "test 1.0")
    #expect(checkpoint.manifest.files.map(\.name) == ["model.safetensors", "notes.txt", "state.json"])
    #expect(try checkpoint.bytes("state.json") == Array("state 100".utf8))
    #expect(try checkpoint.tensors("model.safetensors").floats("w")[1] == 101)
    #expect(throws: Fault.self) { try checkpoint.path("other") }
    #expect(try CheckpointStore.load(checkpoint.folder) == checkpoint)
  }

  @Test func noFolderAndNoCheckpointIsAStart() throws {
    #expect(try load().step == nil)
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    #expect(try load().step == nil)
  }

  @Test func theLastAndTheBestAreKept() throws {
    try save(10)
    try store.save(step: 20, isBest: true, write: fill)
    try save(30, 40, 50)
    #expect(try listing() == ["best", "latest", "step-00000020", "step-00000040", "step-00000050"])
    #expect((try store.best)?.step == 20)
    #expect(try store.list().map(\.step) == [20, 40, 50])
    try store.save(step: 60, isBest: true, write: fill)
    #expect(try store.list().map(\.step) == [50, 60])
    try save(70, 80)
    #expect(try store.list().map(\.step) == [60, 70, 80])
  }

  /// Going back to step 20 and on to 25 must neither be pruned for the later steps of the run that was left, nor lose
  /// to them at the next start.
  @Test func theNewestIsTheOneSavedLastNotTheHighestStep() throws {
    try save(20, 100)
    try save(25)
    #expect(try store.list().map(\.step) == [100, 25])
    #expect(try load().step == 25)
  }

  @Test func aCheckpointOfTheSameStepIsReplaced() throws {
    try save(10, 20)
    try store.save(step: 20) { try $0.write([7], to: "other.bin") }
    let checkpoint = try #require(try store.loadLatest { Issue.record("\($0)") })
    #expect(checkpoint.manifest.files.map(\.name) == ["other.bin"])
    #expect(try listing() == ["latest", "step-00000010", "step-00000020"])
  }

  @Test func aFailingSaveLeavesNothing() throws {
    try save(10)
    let before = try listing()
    let fault = #expect(throws: Fault.self) {
      try store.save(step: 20) { draft in
        try fill(draft)
        throw Fault(.notFinite, "A weight is NaN")
      }
    }
    #expect(fault?.code == .notFinite)
    #expect(try listing() == before)
    #expect(try load().step == 10)
  }

  @Test func aFileThatChangedSizeUnderTheDraftIsNotSaved() throws {
    try save(10)
    let fault = #expect(throws: Fault.self) {
      try store.save(step: 20) { draft in
        try fill(draft)
        try Data([1]).write(to: URL(fileURLWithPath: draft.path("state.json")))
      }
    }
    #expect(fault?.code == .inputOutput)
    #expect(try load().step == 10)
  }

  @Test func tooLittleSpaceIsToldBeforeAnythingIsWritten() throws {
    let fault = #expect(throws: Fault.self) {
      try store.save(step: 1, byteCount: 1 << 60) { _ in Issue.record("written without space") }
    }
    #expect(fault?.code == .inputOutput)
    #expect(fault?.what.contains("need 1152921504607895552 bytes, have ") == true)
    #expect(throws: Fault.self) { try store.save(step: 1, byteCount: .max, write: fill) }
  }

  @Test func whatKilledProcessesLeaveIsRemoved() throws {
    try save(10, 20)
    let files = FileManager.default
    for leftover in [".step-00000030.tmp", ".step-00000005.pruned", ".step-00000020.old"] {
      try files.copyItem(atPath: root + "/step-00000020", toPath: root + "/" + leftover)
    }
    try Data([1]).write(to: URL(fileURLWithPath: root + "/.latest.tmp-1-2"))
    try Data([1]).write(to: URL(fileURLWithPath: root + "/.keep"))
    #expect(try load().step == 20)
    #expect(try listing() == [".keep", "latest", "step-00000010", "step-00000020"])
  }

  /// A copy of the folder after each phase is what a kill at that moment would have left.
  @Test(arguments: [false, true]) func aKillAfterAnyPhaseLosesNothing(replaces: Bool) throws {
    try save(10, 20)
    let copies = Mutex<[String]>([])
    var watched = store
    let (root, parent) = (root, temporary.path)
    watched.afterPhase = { phase in
      let copy = "\(parent)/killed-\(phase)"
      try FileManager.default.copyItem(atPath: root, toPath: copy)
      copies.withLock { $0.append(copy) }
    }
    let step = replaces ? 20 : 30
    try watched.save(step: step) { try $0.write(Array("new".utf8), to: "state.json") }
    let folders = copies.withLock { $0 }
    #expect(folders.count == CheckpointStore.Phase.allCases.count)
    for (index, folder) in folders.enumerated() {
      let killed = CheckpointStore(folder: folder)
      let loaded = try #require(try killed.loadLatest { Issue.record("\(folder): \($0)") })
      let isNew = try loaded.bytes("state.json") == Array("new".utf8)
      #expect(loaded.step == (isNew ? step : 20))
      // From the rename on, the new one is what counts.
      #expect(isNew == (index >= 3), "\(folder)")
      try killed.save(step: 40, write: fill)
      #expect(try killed.loadLatest { Issue.record("\($0)") }?.step == 40)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(".") } == [])
    }
  }
}
