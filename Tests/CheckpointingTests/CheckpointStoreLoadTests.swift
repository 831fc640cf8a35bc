import Faults
import Foundation
import Randomness
import Testing

@testable import Checkpointing

/// What is damaged is never used, and never silently left out.
@Suite struct CheckpointStoreLoadTests {
  private let temporary: TemporaryFolder
  private let store: CheckpointStore
  private var newest: String { temporary.path + "/step-00000020" }

  init() throws {
    temporary = try TemporaryFolder()
    store = CheckpointStore(folder: temporary.path, createdBy: "test 1.0")
    for step in [10, 20] {
      try store.save(step: step) { draft in
        try draft.write((0..<300).map { UInt8(truncatingIfNeeded: $0 + step) }, to: "weights.bin")
        try draft.write([1, 2, 3], to: "state.bin")
      }
    }
  }

  private func put(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

  /// Expects the older checkpoint and one warning that names `file`.
  private func expectFallback(_ file: String, _ what: String) throws {
    var warnings: [String] = []
    let loaded = try store.loadLatest { warnings.append($0) }
    #expect(loaded?.step == 10, "\(what)")
    #expect(warnings.count == 1 && warnings[0].contains("step-00000020/\(file)"), "\(what): \(warnings)")
    let fault = #expect(throws: Fault.self) { try CheckpointStore.load(newest) }
    #expect(fault?.code == .configuration && fault?.place?.contains(file) == true, "\(what)")
  }

  @Test(arguments: ["weights.bin", "state.bin", "manifest.json"]) func aCutFileFallsBack(file: String) throws {
    let whole = try contents(newest + "/" + file)
    for count in Set([0, 1, 2, whole.count / 2, whole.count - 2]) where count < whole.count {
      try put(Array(whole.prefix(count)), newest + "/" + file)
      try expectFallback(file, "\(file) cut to \(count)")
    }
    try put(whole + [0], newest + "/" + file)
    if file != "manifest.json" { try expectFallback(file, "\(file) with a byte more") }
    try FileManager.default.removeItem(atPath: newest + "/" + file)
    try expectFallback(file, "\(file) removed")
  }

  @Test func everyFlippedBitOfDataFallsBack() throws {
    let whole = try contents(newest + "/weights.bin")
    for index in stride(from: 0, to: whole.count, by: 7) {
      var bytes = whole
      bytes[index] ^= 1 << UInt8(index % 8)
      try put(bytes, newest + "/weights.bin")
      try expectFallback("weights.bin", "bit of byte \(index)")
    }
  }

  /// JSON has bytes without meaning (blanks): a flip there may leave the manifest what it was, and nothing else.
  @Test func noFlippedBitOfAManifestIsBelieved() throws {
    let path = newest + "/manifest.json"
    let whole = try contents(path)
    let manifest = try CheckpointManifest.read(folder: newest)
    var refused = 0
    for index in whole.indices {
      var bytes = whole
      bytes[index] ^= 1 << UInt8(index % 8)
      try put(bytes, path)
      do {
        #expect(try CheckpointManifest.read(folder: newest) == manifest, "byte \(index)")
      } catch let fault as Fault {
        refused += 1
        #expect(fault.code == .badData || fault.code == .configuration)
      }
    }
    #expect(refused > whole.count * 3 / 4)
  }

  @Test func hostileManifestsAreRefused() throws {
    let path = newest + "/manifest.json"
    for text in [
      "", "null", "[]", "{", "{}", String(repeating: "[", count: 200_000),
      #"{"format":1,"sequence":-1,"step":20,"createdBy":"","created":"","files":[],"checksum":""}"#,
      #"{"format":99999999999999999999,"files":[]}"#,
    ] {
      try put(Array(text.utf8), path)
      try expectFallback("manifest.json", String(text.prefix(40)))
    }
  }

  @Test(arguments: ["../step-00000010/state.bin", "/etc/passwd", "", ".", "a/b", "manifest.json", "state.bin"])
  func aManifestReachesNoFileOutsideItsFolder(name: String) throws {
    var manifest = try CheckpointManifest.read(folder: newest)
    manifest.files.append(.init(name: name, byteCount: 3, xxh3: "0"))
    try put(try manifest.encoded(), newest + "/manifest.json")
    try expectFallback("manifest.json", name)
  }

  /// Sealed by whoever made them: nothing to go on from, and more bytes than can be counted.
  @Test(arguments: [[], [Int.max, 2]]) func manifestsOfImpossibleFilesAreRefused(byteCounts: [Int]) throws {
    var manifest = try CheckpointManifest.read(folder: newest)
    manifest.files = byteCounts.enumerated().map { .init(name: "\($0).bin", byteCount: $1, xxh3: "0") }
    try put(try manifest.encoded(), newest + "/manifest.json")
    try expectFallback("manifest.json", "\(byteCounts)")
  }

  @Test func aRenamedFolderIsNotBelieved() throws {
    try FileManager.default.moveItem(atPath: newest, toPath: temporary.path + "/step-00000099")
    var warnings: [String] = []
    #expect(try store.loadLatest { warnings.append($0) }?.step == 10)
    #expect(warnings.count == 1 && warnings[0].contains("The manifest is that of step 20"))
  }

  @Test func aLaterFormatEndsTheLoad() throws {
    var manifest = try CheckpointManifest.read(folder: newest)
    manifest.format = 2
    manifest.createdBy = "trainer 9.0"
    try put(try manifest.encoded(), newest + "/manifest.json")
    let fault = #expect(throws: Fault.self) { try store.loadLatest { _ in } }
    #expect(fault?.code == .configuration && fault?.what.contains("made by trainer 9.0") == true)
  }

  @Test func aRunNeverStartsAgainSilently() throws {
    for step in ["10", "20"] { try put([], temporary.path + "/step-000000\(step)/weights.bin") }
    var fault = #expect(throws: Fault.self) { try store.loadLatest { _ in } }
    #expect(fault?.code == .badData && fault?.what.contains("None of the 2 checkpoints is usable") == true)
    for step in ["10", "20"] { try FileManager.default.removeItem(atPath: temporary.path + "/step-000000\(step)") }
    fault = #expect(throws: Fault.self) { try store.loadLatest { _ in } }
    #expect(fault?.what.contains("latest names step-00000020, which is not there") == true)
  }

  /// Cut, or of a flipped bit; to the process that has saved it and to one that finds it.
  @Test(arguments: [[], nil] as [[UInt8]?], [false, true])
  func aDamagedCheckpointIsNotCountedAmongTheKept(bytes: [UInt8]?, isFound: Bool) throws {
    let store = isFound ? CheckpointStore(folder: temporary.path) : store
    let flipped = try contents(newest + "/weights.bin").map { $0 ^ 1 }
    try put(bytes ?? flipped, newest + "/weights.bin")
    if !isFound { #expect(try store.loadLatest { _ in }?.step == 10) }
    try store.save(step: 30) { try $0.write([1], to: "state.bin") }
    #expect(try store.list().map(\.step) == [10, 20, 30])
    try put([], temporary.path + "/step-00000030/manifest.json")
    #expect(try store.loadLatest { _ in }?.step == 10)
  }
}

extension CheckpointStoreLoadTests {
  /// Two that are damaged are two checkpoints, though no list has them.
  @Test func aFolderOfDamagedCheckpointsIsNotEmpty() throws {
    for step in ["10", "20"] { try put([], temporary.path + "/step-000000\(step)/manifest.json") }
    #expect(try store.list().isEmpty && !store.isEmpty)
    for step in ["10", "20"] { try FileManager.default.removeItem(atPath: temporary.path + "/step-000000\(step)") }
    #expect(try store.isEmpty)
    try FileManager.default.createDirectory(
      atPath: temporary.path + "/.step-00000020.old", withIntermediateDirectories: true)
    #expect(try !store.isEmpty)
  }

  /// What says which is the best cannot be read: it may be any of them.
  @Test func nothingIsRemovedWhileTheBestIsNotKnown() throws {
    try put(Array("step-0000002".utf8), temporary.path + "/best")
    var warnings: [String] = []
    func warn(_ text: String) { warnings.append(text) }
    for step in [30, 40] { try store.save(step: step, warn: warn) { try $0.write([1], to: "state.bin") } }
    #expect(try store.list().map(\.step) == [10, 20, 30, 40])
    #expect(warnings.count == 2 && warnings[0].contains("It names no checkpoint"), "\(warnings)")
    try store.save(step: 50, isBest: true) { try $0.write([1], to: "state.bin") }
    #expect(try store.list().map(\.step) == [40, 50])
  }

  /// The newest is the newest, whatever is wrong with it.
  @Test(arguments: ["manifest.json", "weights.bin"]) func theNewestFolderMayBeDamaged(file: String) throws {
    #expect(try store.newestFolder() == newest)
    try put([], newest + "/" + file)
    #expect(try store.newestFolder() == newest)
  }

  /// A copy of a checkpoint under another step's name must not have the original removed in its place.
  @Test func aCopyUnderAnotherNameIsNoCheckpoint() throws {
    try FileManager.default.copyItem(atPath: newest, toPath: temporary.path + "/step-00000025")
    for step in [30, 40] { try store.save(step: step) { try $0.write([1], to: "state.bin") } }
    #expect(try store.list().map(\.step) == [30, 40])
    #expect(FileManager.default.fileExists(atPath: temporary.path + "/step-00000025"))
  }
}

/// Checkpoints of every format that there has been.
@Suite struct CheckpointFormatTests {
  @Test func formatOneIsReadForEver() throws {
    let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil)).path
    let temporary = try TemporaryFolder()
    let copy = temporary.path + "/format-1"
    try FileManager.default.copyItem(atPath: fixtures + "/format-1", toPath: copy)
    let store = CheckpointStore(folder: copy)
    let checkpoint = try #require(try store.loadLatest { Issue.record("\($0)") })
    #expect(checkpoint.step == 2 && checkpoint.manifest.format == 1 && checkpoint.manifest.sequence == 0)
    #expect(
      checkpoint.manifest.files.map(\.name) == ["model.safetensors", "optimizer.safetensors", "state.json"])
    let (model, moments) = (
      try checkpoint.tensors("model.safetensors"), try checkpoint.tensors("optimizer.safetensors")
    )
    #expect(model.metadata["step"] == "2" && moments.metadata["updates"] == "2")
    for (name, entry) in model.tensors {
      #expect(moments.tensors["first." + name]?.shape == entry.shape)
      #expect(try moments.floats("second." + name).allSatisfy { $0 >= 0 })
    }
    // A save of today beside it.
    try store.save(step: 3) { try $0.write([1], to: "state.bin") }
    #expect(try store.list().map(\.step) == [2, 3])
  }
}
