import Foundation

extension FaultTrial {
  /// Row 5: what the kernel could not write is never taken for written, nor what it could not list for not there, and
  /// the next attempt is made of new files.
  static let flushFails = FaultTrial(
    number: 5, name: "fsync, or listing a folder, fails with EIO while a checkpoint is saved", ranks: [1],
    quickRanks: [1]
  ) { setting in
    try TracedTraining.require()
    let oracle = try StorageOracle.shared(.savingWithinTheStep, ranks: nil)
    let sweep = try InjectionSweep(
      oracle, from: { try RunFolder("flush") }, saves: (12, 18),
      calls: TracedTraining.changes + ["getdents64"])
    let flushes = sweep.calls("fsync")
    let places = KillSweep.spread(setting.isQuick ? 3 : .max, over: flushes.count)
    for place in places { try failOnce(flushes[place], sweep) }
    for place in places.prefix(setting.isQuick ? 1 : .max) { try failAlways(flushes[place], sweep) }
    let listings = sweep.calls("getdents64")
    let listed = KillSweep.spread(setting.isQuick ? 1 : .max, over: listings.count)
    for place in listed { try failOnce(listings[place], sweep) }
    for place in setting.isQuick ? [] : listed { try failAlways(listings[place], sweep) }
    return "\(places.count) of \(flushes.count) fsyncs and \(listed.count) of \(listings.count) listings of a save "
      + "failed once and for good: "
      + "nothing committed that was not flushed, all ends bitwise equal"
  }

  /// The save is told to have failed and made again of new files: the run ends as if nothing had been.
  private static func failOnce(_ call: SystemCallTrace.Call, _ sweep: InjectionSweep) throws {
    try sweep.run(["\(call.name):error=EIO:when=\(call.ordinal)"]) { run, result, trace in
      guard result.standardError.contains("Input/output error") else { throw TrialFailure("the failure is not told") }
      try noneCommitted(trace)
      _ = try sweep.oracle.committedSteps(run)
      guard result.status == 0 else { throw TrialFailure("the save is not tried again") }
      let differences = try run.differences(from: sweep.oracle.end)
      guard differences.isEmpty else { throw TrialFailure("\(differences)") }
      try Oracle.expectNothingLeft(in: run)
    }
  }

  /// The run ends with 74, and the checkpoint of before is whole.
  private static func failAlways(_ call: SystemCallTrace.Call, _ sweep: InjectionSweep) throws {
    try sweep.run(["\(call.name):error=EIO:when=\(call.ordinal)+"]) { run, result, trace in
      guard result.status == 74, result.standardError.contains("Input/output error"),
        result.standardError.contains(run.path)
      else { throw TrialFailure("not 74 with cause and place") }
      try noneCommitted(trace)
      guard try sweep.oracle.committedSteps(run).contains(6) else {
        throw TrialFailure("the checkpoint of before is gone")
      }
      try sweep.oracle.goesOn(run)
    }
  }

  /// Throws where a file whose flush failed was flushed again, or got its name.
  private static func noneCommitted(_ trace: SystemCallTrace) throws {
    for calls in trace.threads {
      for (index, call) in calls.enumerated() where call.name == "fsync" && call.text.contains("(INJECTED)") {
        let file = call.text.split(separator: "<").last?.split(separator: ">").first ?? ""
        guard file.contains(".tmp-") else { continue }
        let uses = calls[(index + 1)...].filter { ["fsync", "rename"].contains($0.name) && $0.text.contains(file) }
        guard uses.isEmpty else { throw TrialFailure("a file is used whose flush failed: \(uses[0].text)") }
      }
    }
  }
}
