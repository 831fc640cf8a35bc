import Foundation
import Testing

@testable import Checkpointing

/// Saves of a real process that dies, or whose system calls fail, at the places where that can happen.
@Suite struct InterruptedSaveTests {
  private struct Outcome {
    var status: Int32
    var isKilled: Bool
    var output: String
    /// The number of the last save that returned.
    var lastNumber: Int { output.split(separator: "\n").count { $0.hasPrefix("saved ") } }
  }

  /// Runs `checkpoint-probe` in `folder` with a failpoint armed.
  private func save(in folder: String, _ failpoint: String = "", under tracer: [String] = []) throws -> Outcome {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let process = Process()
    let probe = (own as NSString).deletingLastPathComponent + "/checkpoint-probe"
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = tracer + [probe, folder]
    process.environment = ProcessInfo.processInfo.environment.merging(["SGMN_FAILPOINT": failpoint]) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, isKilled: process.terminationReason == .uncaughtSignal,
      output: String(decoding: output, as: UTF8.self))
  }

  /// The number of the save that a store holds, whole; 0 where there is none. What was left half done is gone.
  private func number(in folder: String) throws -> Int {
    let store = CheckpointStore(folder: folder + "/checkpoints")
    let loaded = try store.loadLatest { Issue.record("\($0)") }
    if FileManager.default.fileExists(atPath: store.folder) {
      let names = try FileManager.default.contentsOfDirectory(atPath: store.folder)
      #expect(names.allSatisfy { !$0.hasPrefix(".") }, "\(names)")
    }
    return try loaded.map { Int(String(decoding: try $0.bytes("state.txt"), as: UTF8.self).dropFirst(5)) ?? -1 } ?? 0
  }

  /// Every place of a save, in the third save and in the fourth, which replaces a checkpoint.
  private static let places = [
    "checkpoint.begin@3", "checkpoint.written@3", "checkpoint.moved-aside@3", "checkpoint.renamed@3",
    "checkpoint.published@3", "checkpoint.pruned@3", "checkpoint.moved-aside@4", "checkpoint.renamed@4",
    "file.write@1", "file.write@9", "file.write@12", "file.write@16", "file.sync@1", "file.sync@10", "file.sync@13",
    "file.rename@1", "file.rename@11", "file.rename@14", "file.rename@17", "folder.sync@1", "folder.sync@4",
    "folder.sync@14", "folder.sync@22",
  ]

  private func armed(_ place: String, _ action: String) -> String {
    let parts = place.split(separator: "@")
    return "\(parts[0]):\(action)@\(parts[1])"
  }

  @Test(arguments: places) func aKillLosesNothing(place: String) throws {
    let temporary = try TemporaryFolder()
    let outcome = try save(in: temporary.path + "/run", armed(place, "kill"))
    #expect(outcome.isKilled && outcome.status == SIGKILL, "\(outcome)")
    let found = try number(in: temporary.path + "/run")
    #expect(found == outcome.lastNumber || found == outcome.lastNumber + 1, "\(found): \(outcome)")
    #expect(try save(in: temporary.path + "/run").status == 0)
    #expect(try number(in: temporary.path + "/run") == 5)
  }

  @Test(arguments: places) func aFailedCallIsToldAndLosesNothing(place: String) throws {
    let temporary = try TemporaryFolder()
    let outcome = try save(in: temporary.path + "/run", armed(place, "error=ENOSPC"))
    let found = try number(in: temporary.path + "/run")
    if outcome.status == 0 {
      // Only that an old checkpoint could not be removed is no failure of the save.
      #expect(place.hasPrefix("checkpoint.pruned") || place == "file.rename@17" && found == 5, "\(outcome)")
      return
    }
    #expect(outcome.status == 74 && !outcome.isKilled && outcome.output.contains("No space left"), "\(outcome)")
    if !place.hasPrefix("checkpoint.") {
      #expect(outcome.output.contains("(\(temporary.path)/run"), "\(outcome)")
    }
    #expect(found == outcome.lastNumber || found == outcome.lastNumber + 1, "\(found): \(outcome)")
  }

  /// A write that is said to have taken 100 bytes has taken none: in the second save of its weights, state and manifest,
  /// of `best` and of `latest`.
  @Test(.enabled(if: RecordedSaves.canTrace, "strace is missing, or may not trace here"), arguments: 6...10)
  func aWriteThatLiesIsFoundOut(number: Int) throws {
    let temporary = try TemporaryFolder()
    let outcome = try save(
      in: temporary.path + "/run",
      under: ["strace", "-qq", "-o", "/dev/null", "-e", "trace=write", "-e", "inject=write:retval=100:when=\(number)"])
    #expect(outcome.status == 74 && outcome.lastNumber == 1, "\(outcome)")
    let messages = ["said to have written 100", "bytes were written, the file has"]
    #expect(messages.contains { outcome.output.contains($0) }, "\(outcome)")
    // Where only a pointer could not be written the checkpoint is there, though nobody was told so.
    #expect(try self.number(in: temporary.path + "/run") == (number < 9 ? 1 : 2))
  }

  @Test(arguments: ["file.write", "file.sync", "file.rename", "folder.sync"])
  func anInterruptedCallIsMadeAgain(place: String) throws {
    let temporary = try TemporaryFolder()
    let outcome = try save(in: temporary.path + "/run", "\(place):error=EINTR@2,\(place):error=EINTR@7")
    #expect(outcome.status == 0 && outcome.lastNumber == 5, "\(outcome)")
    #expect(try number(in: temporary.path + "/run") == 5)
  }
}
