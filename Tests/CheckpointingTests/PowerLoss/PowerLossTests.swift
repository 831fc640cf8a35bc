import Faults
import Foundation
import Testing

@testable import Checkpointing

/// A power cut at any moment of a save loses no checkpoint whose save had returned.
@Suite struct PowerLossTests {
  /// What `checkpoint-probe` saves as number `number`.
  private func weights(_ number: Int) -> [UInt8] { (0..<700).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) } }

  @Test(.enabled(if: RecordedSaves.canTrace, "strace is missing, or may not trace here"))
  func everyStateThatAPowerCutMayLeaveHasTheLastCheckpoint() throws {
    let temporary = try TemporaryFolder()
    let recorded = temporary.path + "/recorded"
    try FileManager.default.createDirectory(atPath: recorded, withIntermediateDirectories: true)
    let states = try CrashStates(try RecordedSaves.record(in: recorded))
    #expect(states.violations == [])
    #expect(states.saves.map(\.number) == [1, 2, 3, 4, 5])

    var seen: [CrashStates.Tree: Int] = [:]
    var older = 0
    for index in 0...states.callCount {
      let committed = states.saves.last { $0.index < index }?.number ?? 0
      for tree in states.trees(before: index) {
        // A tree that was there before is looked at again only where more must be in it.
        guard seen[tree] ?? -1 < committed else { continue }
        seen[tree] = committed
        if try expectLast(committed, in: tree, temporary.path + "/state", "before call \(index)") == committed {
          older += 1
        }
      }
    }
    // Both outcomes of a cut occur, so the states are not all the same one.
    #expect(seen.count > 100 && older > 50 && older < seen.count, "\(seen.count) states, \(older) with the last")
  }

  /// Makes the tree a folder, loads it, and returns the number of the save that was found.
  private func expectLast(_ committed: Int, in tree: CrashStates.Tree, _ path: String, _ when: String) throws -> Int? {
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, node) in tree.sorted(by: { $0.key < $1.key }) {
      switch node {
      case .file(let bytes): try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
      case .folder:
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: false)
      }
    }
    do {
      let loaded = try CheckpointStore(folder: path + "/checkpoints").loadLatest { _ in }
      let number = try loaded.map {
        Int(String(decoding: try $0.bytes("state.txt"), as: UTF8.self).dropFirst("save ".count)) ?? -1
      }
      #expect(number ?? 0 >= committed, "\(when): \(tree.keys.sorted())")
      if let loaded, let number {
        #expect(try loaded.bytes("weights.bin") == weights(number), "\(when)")
      }
      return number
    } catch {
      Issue.record("\(when): \(error); \(tree.keys.sorted())")
      return nil
    }
  }

  /// The states of a save that flushes nothing, so that what finds no fault in the store could find one.
  @Test func aSaveThatFlushesNothingIsFoundOut() throws {
    let states = try CrashStates([
      .createFile(".a.tmp"), .write(".a.tmp", [1, 2]), .rename(".a.tmp", "a"), .saved(1),
    ])
    #expect(states.violations.count == 2)
    let trees = Set(states.trees(before: states.callCount))
    let left: [CrashStates.Tree] = [
      [:], [".a.tmp": .file([])], ["a": .file([1, 2])], ["a": .file([])], ["a": .file([1])], ["a": .file([0, 0])],
    ]
    for tree in left {
      #expect(trees.contains(tree), "\(tree)")
    }
  }

  @Test func whatIsFlushedStays() throws {
    let states = try CrashStates([
      .createFolder("f"), .createFile("f/.a.tmp"), .write("f/.a.tmp", [1, 2]), .sync("f/.a.tmp"),
      .rename("f/.a.tmp", "f/a"), .sync("f"), .sync(""), .saved(1), .removeFile("f/a"),
    ])
    #expect(states.violations == [])
    let whole: CrashStates.Tree = ["f": .folder, "f/a": .file([1, 2])]
    #expect(Set(states.trees(before: 8)) == [whole])
    #expect(Set(states.trees(before: 9)) == [whole, ["f": .folder]])
    // Before the folder's own name was flushed, all of it may be missing, with all that is in it.
    #expect(Set(states.trees(before: 6)) == [[:], whole])
  }

  @Test func aCallThatNobodyKnowsIsNotLeftOut() throws {
    let hexadecimal = { (text: String) in text.utf8.map { "\\x" + String($0, radix: 16) }.joined() }
    let line = "renameat2(3<\(hexadecimal("/r"))>, \"\(hexadecimal("/r/a"))\", 3, \"b\", 0) = 0"
    #expect(throws: RecordedSaves.UnknownCall.self) { try RecordedSaves.call(line, root: "/r") }
    let sync = "fsync(3<\(hexadecimal("/r/a"))>)     = 0"
    #expect(try RecordedSaves.call(sync, root: "/r") == .sync("a"))
    #expect(try RecordedSaves.call("fsync(3<\(hexadecimal("/other"))>) = 0", root: "/r") == nil)
  }
}
