import DurableFiles
import Failpoints
import Faults
import Foundation

/// The checkpoints of a run: `FOLDER/step-00000100/`, `FOLDER/latest`, `FOLDER/best`.
///
/// A checkpoint appears whole or not at all, at any moment of a crash or a power cut: its files are written aside
/// and flushed, the folder is flushed and renamed, its parent is flushed, then `latest` is replaced, and only then
/// older ones go. One process writes, the one that holds the `FolderLock` of the run; others may only `load`.
public struct CheckpointStore: Sendable {
  public let folder: String
  /// How many of the newest are kept, besides the best.
  public let keepLast: Int
  /// The program and version to name in manifests.
  public let createdBy: String
  /// What this process knows to be whole.
  let known = WholeCheckpoints()
  /// Called after each phase of a save, for tests that look at the folder in between.
  var afterPhase: @Sendable (Phase) throws -> Void = { _ in }

  /// A place of a save, in their order.
  enum Phase: CaseIterable {
    case begun, written, movedAside, renamed, published, pruned

    var failpoint: Failpoint {
      switch self {
      case .begun: .checkpointBegin
      case .written: .checkpointWritten
      case .movedAside: .checkpointMovedAside
      case .renamed: .checkpointRenamed
      case .published: .checkpointPublished
      case .pruned: .checkpointPruned
      }
    }
  }

  /// - Parameter keepLast: At least 2: where the newest is found damaged, there is one to fall back to.
  public init(folder: String, keepLast: Int = 2, createdBy: String = "sgmn-trainer") {
    precondition(keepLast >= 2, "a store that keeps \(keepLast) checkpoints has none to fall back to")
    self.folder = folder
    self.keepLast = keepLast
    self.createdBy = createdBy
  }

  /// Looks, before a run does its first step, whether its checkpoints can be saved: the folder can be written to and has
  /// room for one more beside those that are there, or for two where there are none.
  ///
  /// - Parameter byteCount: About how many bytes a checkpoint has.
  /// - Throws: a `Fault`: `.inputOutput` where the disk is full, `.permission` or `.outputUnavailable` for the folder.
  public func prepare(byteCount: Int) throws {
    try DurableFile.createFolder(folder)
    try DurableFile.syncName(of: folder)
    try removeLeftovers()
    try systemCall("access", path: folder, missing: .outputUnavailable) { access(folder, W_OK | X_OK) }
    _ = try checkpoints()  // what would be in the way of a save is, now
    try requireSpace(byteCount, count: names().isEmpty ? 2 : 1)
  }

  /// Saves a checkpoint; when this returns it survives a power cut.
  ///
  /// - Parameters:
  ///   - step: Steps done. A checkpoint of the same step is replaced.
  ///   - isBest: Whether it is the best so far; the best is kept until there is a better one.
  ///   - byteCount: About how many bytes `write` will write; the disk must have them free.
  ///   - warn: Told where an old checkpoint could not be removed: the new one is safe all the same.
  ///   - goesOn: called now and then while older ones are read, to see which may go.
  ///   - write: Writes the files into the draft. What it throws ends the save and leaves nothing behind.
  /// - Throws: a `Fault`; the checkpoints of before are then still there.
  @discardableResult
  public func save(
    step: Int, isBest: Bool = false, byteCount: Int = 0, warn: (String) -> Void = { _ in },
    goesOn: () -> Void = {}, write: (CheckpointDraft) throws -> Void
  ) throws -> Checkpoint {
    precondition(step >= 0, "a checkpoint of step \(step)")
    try DurableFile.createFolder(folder)
    try DurableFile.syncName(of: folder)
    try removeLeftovers()
    try requireSpace(byteCount, count: 1)
    try reach(.begun)

    let name = Self.name(step: step)
    let saved: Checkpoint
    let draft = CheckpointDraft(folder: "\(folder)/.\(name).tmp", step: step)
    do {
      try makeFolder(draft.folder)
      try write(draft)
      let manifest = try seal(draft)
      try reach(.written)
      try publish(draft, as: name)
      saved = Checkpoint(folder: "\(folder)/\(name)", manifest: manifest)
      known.insert(saved)
    } catch {
      try? DurableFile.removeTree(draft.folder)
      throw error
    }
    if isBest { try markBest(step: step) }
    try DurableFile.write(Array("\(name)\n".utf8), to: "\(folder)/latest")
    try reach(.published)
    do {
      try prune(goesOn)
      try reach(.pruned)
    } catch {
      warn("An old checkpoint stays that should go: \(error)")
    }
    return saved
  }

  /// Has `best` name the checkpoint of this step.
  public func markBest(step: Int) throws {
    try DurableFile.write(Array("\(Self.name(step: step))\n".utf8), to: "\(folder)/best")
  }

  private func reach(_ phase: Phase) throws {
    try phase.failpoint.hit()
    try afterPhase(phase)
  }

  /// Lists the files and writes the manifest, which flushes the folder.
  private func seal(_ draft: CheckpointDraft) throws -> CheckpointManifest {
    let files = try draft.files()
    let last = try checkpoints().map(\.manifest.sequence).max() ?? -1
    let (sequence, overflow) = last.addingReportingOverflow(1)
    guard !overflow else { throw Fault(.badData, "The checkpoints are numbered past counting", at: folder) }
    let manifest = try CheckpointManifest(
      sequence: sequence, step: draft.step, createdBy: createdBy, files: files
    ).sealed()
    try DurableFile.write(try manifest.encoded(), to: "\(draft.folder)/\(CheckpointManifest.fileName)")
    return manifest
  }

  /// Gives the finished draft its name.
  private func publish(_ draft: CheckpointDraft, as name: String) throws {
    let target = "\(folder)/\(name)"
    let aside = "\(folder)/.\(name).old"
    let replaces = try exists(target)
    // A folder cannot be renamed over another. A crash between the two renames is undone by `removeLeftovers`.
    if replaces { try move(target, to: aside) }
    do {
      try reach(.movedAside)
      try move(draft.folder, to: target)
    } catch {
      if replaces { try? move(aside, to: target) }
      throw error
    }
    try DurableFile.syncFolder(folder)
    try reach(.renamed)
    if replaces { try? DurableFile.removeTree(aside) }
  }

  private func requireSpace(_ byteCount: Int, count: Int) throws {
    let free = try DurableFile.freeByteCount(at: folder)
    let (each, overflow) = byteCount.addingReportingOverflow(1 << 20)  // and a little for manifest and folder
    let (need, isTooMany) = each.multipliedReportingOverflow(by: count)
    guard !overflow, !isTooMany, need <= free else {
      let what = count == 1 ? "a checkpoint" : "\(count) checkpoints"
      throw Fault(
        .inputOutput, "No space for \(what): need \(overflow || isTooMany ? byteCount : need) bytes, have \(free)",
        at: folder, remedy: "Free space, keep fewer checkpoints, or choose another folder")
    }
  }

  private func makeFolder(_ path: String) throws {
    try systemCall("mkdir", path: path, missing: .outputUnavailable) { mkdir(path, 0o755) }
  }
}
