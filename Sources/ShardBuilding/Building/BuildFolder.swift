import DurableFiles
import Faults
import Glibc
import ShardFormat

/// The folder of a set while it is built; one process prepares it for all.
struct BuildFolder: Sendable {
  let path: String

  var isFinished: Bool { access("\(path)/\(ShardLimits.indexName)", F_OK) == 0 }

  /// Takes the folder for a build by `plan`, and removes what killed writers left.
  ///
  /// Throws `Fault(.outputUnavailable)` where it holds a finished set that is not to be mended, shards without a plan,
  /// or another process at work; `Fault(.configuration)` where it holds shards of another plan.
  func prepare(_ plan: BuildPlan, options: BuildOptions) throws -> FolderLock {
    try DurableFile.createFolder(path)
    let lock = try FolderLock(folder: path)
    let isFinished = self.isFinished
    if isFinished, !options.retriesLeftOut {
      throw Fault(
        .outputUnavailable, "The folder already holds a set of shards", at: path,
        remedy: "Choose another folder, remove this one first, or try its left-out samples again with --retry")
    }
    if options.restarts, !isFinished { try removeBuild() }
    try DurableFile.removeTemporaryFiles(in: path)
    let names = try DurableFile.names(in: path)
    if names.contains(BuildPlan.name) {
      let differences = try BuildPlan(in: path).differences(from: plan)
      guard differences.isEmpty else {
        throw Fault(
          .configuration,
          "The folder holds \(isFinished ? "a set" : "an unfinished build") of other settings: "
            + differences.joined(separator: "; "), at: path,
          remedy: isFinished ? "Choose another folder" : "Choose another folder, or remove that build with --restart")
      }
    } else if isFinished || names.contains(where: BuildFolder.isShard) {
      throw Fault(
        .outputUnavailable, "The folder holds shards, and no \(BuildPlan.name) that says of what", at: path,
        remedy: isFinished ? "Choose another folder" : "Choose another folder, or remove them with --restart")
    } else {
      try plan.write(in: path)
    }
    return lock
  }

  /// The set is no longer finished, if it was: a shard of it is about to appear.
  func removeIndex() throws {
    let index = "\(path)/\(ShardLimits.indexName)"
    if unlink(index) == 0 { return try DurableFile.syncFolder(path) }
    guard errno == ENOENT else { throw Fault.system("unlink", path: index, errno: errno) }
  }

  private func removeBuild() throws {
    for name in try DurableFile.names(in: path)
    where BuildFolder.isShard(name) || name == BuildPlan.name || name == RejectedSamples.name {
      try DurableFile.remove("\(path)/\(name)")
    }
  }

  private static func isShard(_ name: String) -> Bool { name.hasPrefix("shard-") && name.hasSuffix(".sgmn") }
}
