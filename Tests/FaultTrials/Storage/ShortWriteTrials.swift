import Checkpointing
import Foundation

extension FaultTrial {
  /// Row 6, a disk that lies: `write` returns as if it had written, and had not.
  static let writesLie = FaultTrial(
    number: 6, name: "a write of a save says it wrote bytes that it did not", ranks: [1], quickRanks: [1]
  ) { setting in
    try TracedTraining.require()
    let oracle = try StorageOracle.shared(.savingWithinTheStep, ranks: nil)
    let sweep = try InjectionSweep(
      oracle, from: { try RunFolder("lie") }, saves: (12, 18), failpoint: "step.orders:sleep=0@16")
    let writes = sweep.calls("write").filter { $0.text.contains("/checkpoints/") }
    let places = KillSweep.spread(setting.isQuick ? 3 : .max, over: writes.count)
    for place in places {
      let injection = "write:retval=\(try lie(writes[place])):when=\(writes[place].ordinal)"
      // Ended after the save of the lie and before the next, so that the next start meets what is there. Which write is the
      // n-th of its thread moves where the log has a line more; what is written for people may lack bytes.
      var wasOfSave = false
      for _ in 0..<5 where !wasOfSave {
        try sweep.run([injection], failpoint: "step.orders:kill@16") { run, _, trace in
          wasOfSave = trace.injected.allSatisfy { $0.text.contains("/checkpoints/") }
          guard wasOfSave else { return }
          let whole = try run.checkpoints.filter { try isWhole($0, run, oracle) }
          guard let newest = whole.last.flatMap({ Int($0.dropFirst("step-".count)) }) else {
            throw TrialFailure("no checkpoint is whole")
          }
          try oracle.goesOn(run, from: newest, warnings: whole == run.checkpoints ? [] : ["damaged and passed over"])
        }
      }
      guard wasOfSave else { throw TrialFailure("\(injection) never was a write of the save") }
    }
    return "\(places.count) of \(writes.count) writes lied: none taken for a checkpoint, all resumes bitwise equal"
  }

  /// How many bytes the call says it wrote: 100, or half of them where there are fewer.
  private static func lie(_ write: SystemCallTrace.Call) throws -> Int {
    guard let end = write.text.range(of: ") = ", options: .backwards),
      let count = write.text[..<end.lowerBound].split(separator: " ").last.flatMap({ Int($0) })
    else { throw TrialFailure("no count of bytes in \(write.text)") }
    return min(100, count / 2)
  }

  /// Whether a checkpoint is taken for whole; throws where it is and is not what was saved.
  private static func isWhole(_ name: String, _ run: RunFolder, _ oracle: StorageOracle) throws -> Bool {
    guard (try? CheckpointStore.load("\(run.path)/checkpoints/\(name)")) != nil else { return false }
    try oracle.requireSaved(name, in: run)
    return true
  }

  /// Row 6, calls that a signal interrupts: every second one, then the others.
  static let callsInterrupted = FaultTrial(
    number: 6, name: "signals interrupt system calls of saves (EINTR)", ranks: [1], quickRanks: [1]
  ) { setting in
    try TracedTraining.require()
    let oracle = try StorageOracle.shared(.savingWithinTheStep, ranks: nil)
    let sweep = try InjectionSweep(oracle, from: { try RunFolder("interrupted") }, saves: (6, 12))
    let names = ["openat", "write", "fsync", "rename"].filter { !sweep.calls($0).isEmpty }
    var count = 0
    for offset in 0...1 {
      let injections = names.compactMap { name in
        sweep.calls(name).first.map { "\(name):error=EINTR:when=\($0.ordinal + offset)+2" }
      }
      try sweep.run(injections) { run, result, trace in
        guard result.status == 0 else { throw TrialFailure("an interrupted call is not made again") }
        let differences = try run.differences(from: oracle.end)
        guard differences.isEmpty else { throw TrialFailure("\(differences)") }
        try Oracle.expectNothingLeft(in: run)
        count += trace.injected.count
      }
    }
    return "\(count) calls of \(names.joined(separator: ", ")) interrupted: 2 of 2 ends bitwise equal"
  }
}
