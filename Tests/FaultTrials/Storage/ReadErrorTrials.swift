import Foundation

extension FaultTrial {
  /// Row 21 for checkpoints. A disk that cannot be read now is not damage: passing the checkpoint over would throw
  /// steps away that are there, so the start ends with 74 and leaves the folder as it is.
  static let checkpointUnreadable = FaultTrial(
    number: 21, name: "the newest checkpoint cannot be read (EIO)", ranks: [1], quickRanks: [1]
  ) { setting in
    try TracedTraining.require()
    let oracle = try StorageOracle.shared(.savingBesideTheSteps, ranks: nil)
    let start = try oracle.folder("unreadable", stoppedAfter: 12)
    defer { start.remove() }
    let run = try start.copy("unreadable-trace")
    defer { run.remove() }
    let training = try TracedTraining(run, oracle.settings, ranks: nil)
    let calls = ["pread64", "openat", "getdents64"]
    // Up to the first step: later reads are those of saves.
    try Oracle.expect(try training.command(injections: [], tracing: calls).armed("step.orders:kill").run(), 137)
    let traced = try training.trace().calls
    let all = traced.filter { $0.name == "pread64" && $0.text.contains("/step-00000012/") }
    // What follows the moments looks whether the run can save.
    guard let last = all.lastIndex(where: { $0.text.contains("optimizer.safetensors") }) else {
      throw TrialFailure("no read of the checkpoint in the trace")
    }
    let reads = all[...last]
    let places = KillSweep.spread(setting.isQuick ? 2 : 24, over: reads.count)
    // A list that ends early must not pass for a run without its last checkpoints.
    let listings = traced.filter { $0.name == "getdents64" && $0.text.contains("/checkpoints>") }
    guard !listings.isEmpty else { throw TrialFailure("no listing of the checkpoints in the trace") }
    let listed = listings.prefix(setting.isQuick ? 1 : .max)
    for call in places.map({ reads[$0] }) + listed { try fail(call, from: start, oracle, calls) }
    return "\(places.count) of \(reads.count) reads and \(listed.count) listings failed: "
      + "74 each time, no checkpoint passed over, nothing changed"
  }

  private static func fail(
    _ call: SystemCallTrace.Call, from start: RunFolder, _ oracle: StorageOracle, _ calls: [String]
  ) throws {
    let run = try start.copy("unreadable")
    defer { run.remove() }
    let before = try run.contents()
    let training = try TracedTraining(run, oracle.settings, ranks: nil)
    let command = try training.command(injections: ["\(call.name):error=EIO:when=\(call.ordinal)+"], tracing: calls)
    let result = try command.run()
    let isTold = result.standardError.contains("Input/output error") && result.standardError.contains("/checkpoints")
    guard result.status == 74, isTold, !result.standardError.contains("passed over") else {
      throw TrialFailure("\(call.text) failed, and the job ended with \(result.status):\n\(result.text)")
    }
    let changes = try run.changes(since: before)
    guard changes.isEmpty else { throw TrialFailure("\(call.text) failed, and these changed: \(changes)") }
    try oracle.goesOn(run, from: 12)
  }
}
