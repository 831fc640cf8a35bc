import DurableFiles
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
  /// Called after each phase of a save, for tests that look at the folder in between.
  var afterPhase: @Sendable (Phase) throws -> Void = { _ in }

  enum Phase: CaseIterable {
    case written, movedAside, renamed, published, pruned
  }

  /// - Parameter keepLast: At least 1; fewer than 2 leaves nothing to fall back to.
  public init(folder: String, keepLast: Int = 2, createdBy: String = "sgmn-trainer") {
    precondition(keepLast >= 1, "a store that keeps \(keepLast) checkpoints keeps none")
    self.folder = folder
    self.keepLast = keepLast
    self.createdBy = createdBy
  }

  /// Saves a checkpoint; when this returns it survives a power cut.
  ///
  /// - Parameters:
  ///   - step: Steps done. A checkpoint of the same step is replaced.
  ///   - isBest: Whether it is the best so far; the best is kept until there is a better one.
  ///   - byteCount: About how many bytes `write` will write; the disk must have them free.
  ///   - write: Writes the files into the draft. What it throws ends the save and leaves nothing behind.
  /// - Throws: a `Fault`; the checkpoints of before are then still there.
  @discardableResult
  public func save(
    step: Int, isBest: Bool = false, byteCount: Int = 0, write: (CheckpointDraft) throws -> Void
  ) throws -> Checkpoint {
    precondition(step >= 0, "a checkpoint of step \(step)")
    try DurableFile.createFolder(folder)
    try removeLeftovers()
    try requireSpace(byteCount)

    let name = Self.name(step: step)
    let draft = CheckpointDraft(folder: "\(folder)/.\(name).tmp", step: step)
    do {
      try makeFolder(draft.folder)
      try write(draft)
      try seal(draft)
      try afterPhase(.written)
      try publish(draft, as: name)
    } catch {
      try? FileManager.default.removeItem(atPath: draft.folder)
      throw error
    }
    try DurableFile.write(Array("\(name)\n".utf8), to: "\(folder)/latest")
    if isBest { try DurableFile.write(Array("\(name)\n".utf8), to: "\(folder)/best") }
    try afterPhase(.published)
    try prune()
    try afterPhase(.pruned)
    return try Checkpoint(folder: "\(folder)/\(name)")
  }

  /// Lists the files, writes the manifest, and flushes the folder.
  private func seal(_ draft: CheckpointDraft) throws {
    let files = try draft.files()
    let last = checkpoints().map(\.manifest.sequence).max() ?? -1
    let (sequence, overflow) = last.addingReportingOverflow(1)
    guard !overflow else { throw Fault(.badData, "The checkpoints are numbered past counting", at: folder) }
    let manifest = CheckpointManifest(sequence: sequence, step: draft.step, createdBy: createdBy, files: files)
    try DurableFile.write(try manifest.encoded(), to: "\(draft.folder)/\(CheckpointManifest.fileName)")
    try DurableFile.syncFolder(draft.folder)
  }

  /// Gives the finished draft its name.
  private func publish(_ draft: CheckpointDraft, as name: String) throws {
    let target = "\(folder)/\(name)"
    let aside = "\(folder)/.\(name).old"
    let replaces = exists(target)
    // A folder cannot be renamed over another. A crash between the two renames is undone by `removeLeftovers`.
    if replaces { try move(target, to: aside) }
    try afterPhase(.movedAside)
    do {
      try move(draft.folder, to: target)
    } catch {
      if replaces { try? move(aside, to: target) }
      throw error
    }
    try DurableFile.syncFolder(folder)
    try afterPhase(.renamed)
    if replaces { try? FileManager.default.removeItem(atPath: aside) }
  }

  private func requireSpace(_ byteCount: Int) throws {
    let free = try DurableFile.freeByteCount(at: folder)
    let (need, overflow) = byteCount.addingReportingOverflow(1 << 20)  // and a little for manifest and folder
    guard !overflow, need <= free else {
      throw Fault(
        .inputOutput, "No space for a checkpoint: need \(overflow ? byteCount : need) bytes, have \(free)", at: folder,
        remedy: "Free space, keep fewer checkpoints, or choose another folder")
    }
  }

  private func makeFolder(_ path: String) throws {
    guard mkdir(path, 0o755) == 0 else {
      throw Fault.system("mkdir", path: path, errno: errno, missing: .outputUnavailable)
    }
  }
}
