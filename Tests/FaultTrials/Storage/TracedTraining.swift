import Foundation

/// `sgmn-train` with rank 0 under strace, which records its system calls and makes some of them fail.
struct TracedTraining {
  /// Every call that changes what is on a disk.
  static let changes = [
    "mkdir", "mkdirat", "openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2",
    "unlink", "unlinkat", "rmdir", "ftruncate",
  ]
  /// Those of them that neither MPI nor, but for a few, the steps make: others are no measure of how far a save is.
  static let namings = changes.filter { !$0.contains("write") && $0 != "openat" }

  var run: RunFolder
  var settings: [String]
  /// nil starts one rank without a launcher.
  var ranks: Int?
  /// Where strace writes: `LOG.THREAD`.
  let log: String

  init(_ run: RunFolder, _ settings: [String], ranks: Int?) throws {
    (self.run, self.settings, self.ranks) = (run, settings, ranks)
    log = try World.shared().folder + "/strace-\(UUID().uuidString)"
  }

  private static let isAvailable: Bool = {
    let result = try? Command("strace", ["-qq", "-e", "trace=none", "true"]).run()
    return result?.status == 0
  }()

  /// Throws `TrialSkipped` where strace is missing or may not trace, as in some containers.
  static func require() throws {
    guard isAvailable else { throw TrialSkipped("strace cannot trace here") }
  }

  /// - Parameter injections: As `-e inject=` takes them: `fsync:error=EIO:when=3`.
  func command(injections: [String], tracing calls: [String] = TracedTraining.changes) throws -> Command {
    var command = try run.training(settings, ranks: ranks)
    let words =
      ["strace", "-ff", "-qq", "-y", "-s", "256", "-o", log, "-e", "trace=" + calls.joined(separator: ",")]
      + injections.flatMap { ["-e", "inject=" + $0] }
    if ranks == nil {
      command.rankPrefix = words
      return command
    }
    return command.prefixing(words.joined(separator: " "), rank: 0)
  }

  func trace() throws -> SystemCallTrace { try SystemCallTrace(log) }
}
