import DurableFiles
import Faults
import Foundation

extension CheckpointStore {
  /// `step-00000100`.
  static func name(step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  /// The step of a name that `name(step:)` makes; nil for any other.
  static func step(name: String) -> Int? {
    guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), step >= 0, Self.name(step: step) == name else {
      return nil
    }
    return step
  }

  /// The names of the checkpoint folders, by step.
  func names() throws -> [String] {
    guard try exists(folder) else { return [] }
    return try DurableFile.names(in: folder).filter { Self.step(name: $0) != nil }.sorted {
      (Self.step(name: $0) ?? 0) < (Self.step(name: $1) ?? 0)
    }
  }

  /// The checkpoints whose manifests are whole and those of their steps, the oldest first. One that cannot be read now is
  /// no damaged one, and what depends on the list must not go on without it.
  func checkpoints() throws -> [Checkpoint] {
    try names().compactMap { name in
      do {
        let checkpoint = try Checkpoint(folder: "\(folder)/\(name)")
        return Self.name(step: checkpoint.step) == name ? checkpoint : nil
      } catch let fault as Fault where fault.code == .badData || fault.code == .inputMissing {
        return nil
      }
    }.sorted { ($0.manifest.sequence, $0.step) < ($1.manifest.sequence, $1.step) }
  }

  /// The name in `latest` or `best`; nil where there is none.
  func pointer(_ file: String) throws -> String? {
    let path = "\(folder)/\(file)"
    guard try exists(path) else { return nil }
    let bytes = try FileReader.contents(of: path, limit: 1_024)
    let name = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
    guard Self.step(name: name) != nil else {
      throw Fault(.badData, "It names no checkpoint", at: path, remedy: "Remove it, or write the name of one into it")
    }
    return name
  }

  /// Finishes or undoes what a killed process has left half done.
  func removeLeftovers() throws {
    guard try exists(folder) else { return }
    for hidden in try DurableFile.names(in: folder) where hidden.hasPrefix(".step-") {
      let path = "\(folder)/\(hidden)"
      let name = hidden.dropFirst().split(separator: ".").first.map(String.init) ?? ""
      guard Self.step(name: name) != nil else { continue }
      if try hidden == ".\(name).old" && !exists("\(folder)/\(name)") {
        try move(path, to: "\(folder)/\(name)")
      } else if hidden == ".\(name).old" || hidden == ".\(name).tmp" {
        try remove(path)
      } else if hidden == ".\(name).pruned" {
        try? remove(path)  // it takes space and is in nobody's way: no reason for a save to fail
      }
    }
    for file in ["latest", "best"] {
      for name in try DurableFile.names(in: folder) where name.hasPrefix(".\(file).tmp-") {
        try remove("\(folder)/\(name)")
      }
    }
  }

  /// Removes what is older than the last `keepLast` whole ones, except the best. Among those a damaged one is not
  /// counted, and one whose manifest is damaged is left for a person to look at.
  func prune(_ goesOn: () -> Void = {}) throws {
    let best = try pointer("best")
    var kept = 0
    var pruned: [String] = []
    for checkpoint in try checkpoints().reversed() {
      let name = Self.name(step: checkpoint.step)
      if kept < keepLast {
        if isWhole(checkpoint, goesOn) { kept += 1 }
        continue
      }
      if name == best { continue }
      // Renamed first, and durably: a folder that is half removed must not look like a damaged checkpoint.
      try move("\(folder)/\(name)", to: "\(folder)/.\(name).pruned")
      pruned.append("\(folder)/.\(name).pruned")
    }
    guard !pruned.isEmpty else { return }
    try DurableFile.syncFolder(folder)
    for path in pruned { try remove(path) }
  }

  /// Whether it is as it was saved. Its bytes are read unless this process has written or read them before.
  private func isWhole(_ checkpoint: Checkpoint, _ goesOn: () -> Void) -> Bool {
    if known.contains(checkpoint) { return checkpoint.hasAllBytes }
    guard (try? checkpoint.verify(goesOn: goesOn)) != nil else { return false }
    known.insert(checkpoint)
    return true
  }

  func exists(_ path: String) throws -> Bool {
    var status = stat()
    if lstat(path, &status) == 0 { return true }
    guard errno == ENOENT else { throw Fault.system("lstat", path: path, errno: errno) }
    return false
  }

  func move(_ source: String, to target: String) throws {
    try systemCall("rename", path: target, missing: .outputUnavailable, failpoint: .fileRename) {
      rename(source, target)
    }
  }

  private func remove(_ path: String) throws {
    do {
      try DurableFile.removeTree(path)
    } catch let fault as Fault {
      throw Fault(
        fault.code, "Cannot remove what is left of a checkpoint: \(fault.what)", at: fault.place ?? path,
        remedy: "Remove it by hand")
    }
  }
}
