import DurableFiles
import Faults
import Foundation

extension CheckpointStore {
  /// The checkpoints whose manifests are whole, the oldest first. Their files have not been verified.
  public func list() throws -> [Checkpoint] { try checkpoints() }

  /// Whether there is nothing that has been a checkpoint, damaged or moved aside by a save that was killed.
  public var isEmpty: Bool {
    get throws {
      guard try exists(folder) else { return true }
      return try !DurableFile.names(in: folder).contains {
        Self.step(name: $0) != nil || $0.hasPrefix(".step-") && $0.hasSuffix(".old")
      }
    }
  }

  /// The folder of the checkpoint that was saved last, be it damaged: where its place in the order cannot be read, it is
  /// the one that `latest` names. nil where there is none.
  ///
  /// - Throws: `Fault(.badData)` where `latest` is damaged, or names one that is not there.
  public func newestFolder() throws -> String? {
    let readable = try checkpoints()
    guard let named = try pointer("latest"), !readable.contains(where: { Self.name(step: $0.step) == named }) else {
      return readable.last?.folder
    }
    guard try exists("\(folder)/\(named)") else { throw isMissing(named) }
    return "\(folder)/\(named)"
  }

  /// Whether there is a whole manifest of this step.
  public func has(_ step: Int) throws -> Bool { try checkpoints().contains { $0.step == step } }

  /// The best checkpoint, as the saves have said; nil where there is none.
  public var best: Checkpoint? {
    get throws { try pointer("best").map { try Checkpoint(folder: "\(folder)/\($0)") } }
  }

  /// The newest checkpoint that is whole: every byte of it has been compared with its checksum.
  ///
  /// For the process that writes the store, as it also finishes what a killed one has left half done. Other ranks are
  /// told the folder, and `load` it.
  ///
  /// - Parameter warn: Told of each checkpoint that is passed over, and why.
  /// - Returns: nil where the store has no checkpoint: the run starts at step 0.
  /// - Throws: `Fault(.badData)` where there are checkpoints and none is usable; `Fault(.configuration)` where the
  ///   newest was made by a later version; a fault of reading otherwise. A run never silently starts again.
  public func loadLatest(warn: (String) -> Void) throws -> Checkpoint? {
    try removeLeftovers()
    return try newestWhole(warn: warn)
  }

  /// As `loadLatest`, for whoever may not write: nothing is changed.
  public func newestWhole(warn: (String) -> Void) throws -> Checkpoint? {
    let names = try names()
    var problems: [String] = []
    func pass(over name: String, _ fault: Fault) throws {
      guard fault.code == .badData || fault.code == .inputMissing else { throw fault }
      problems.append("\(name): \(fault)")
      warn("Checkpoint \(name) is damaged and passed over: \(fault)")
    }

    var readable: [Checkpoint] = []
    for name in names.reversed() {
      do {
        let checkpoint = try Checkpoint(folder: "\(folder)/\(name)")
        guard Self.name(step: checkpoint.step) == name else {
          throw Fault(.badData, "The manifest is that of step \(checkpoint.step)", at: checkpoint.folder)
        }
        readable.append(checkpoint)
      } catch let fault as Fault {
        try pass(over: name, fault)
      }
    }
    for checkpoint in readable.sorted(by: { $0.manifest.sequence > $1.manifest.sequence }) {
      do {
        try checkpoint.verify()
        known.insert(checkpoint)
        return checkpoint
      } catch let fault as Fault {
        known.remove(checkpoint)
        try pass(over: Self.name(step: checkpoint.step), fault)
      }
    }

    if let first = problems.first {
      throw Fault(
        .badData, "None of the \(names.count) checkpoints is usable; \(first)", at: folder,
        remedy: "Restore one from a copy, or choose a new folder to start again")
    }
    if let promised = try pointer("latest") {
      throw isMissing(promised)
    }
    return nil
  }

  private func isMissing(_ name: String) -> Fault {
    Fault(
      .badData, "The file latest names \(name), which is not there", at: folder,
      remedy: "Restore it from a copy, or choose a new folder to start again")
  }

  /// The checkpoint in exactly this folder, verified.
  ///
  /// - Throws: `Fault(.configuration)` where it cannot be used, with the reason.
  public static func load(_ folder: String) throws -> Checkpoint {
    do {
      let checkpoint = try Checkpoint(folder: folder)
      try checkpoint.verify()
      return checkpoint
    } catch let fault as Fault {
      throw Fault(
        .configuration, "This checkpoint cannot be used: \(fault.what)", at: fault.place ?? folder,
        remedy: fault.remedy ?? "Choose another checkpoint")
    }
  }
}
