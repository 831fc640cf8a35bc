import Foundation

/// Jobs of which certain system calls fail or lie, found by the trace of a job that nothing disturbs.
struct InjectionSweep {
  let oracle: StorageOracle
  let calls: [String]
  /// The calls of one save.
  let save: [SystemCallTrace.Call]
  private let start: () throws -> RunFolder

  /// - Parameters:
  ///   - saves: The step of the save that is looked at, and of the one after it.
  ///   - failpoint: Of the job that nothing disturbs, where those that follow have one: the log has a line of it.
  init(
    _ oracle: StorageOracle, from start: @escaping () throws -> RunFolder, saves: (step: Int, next: Int),
    calls: [String] = TracedTraining.changes, failpoint: String? = nil
  ) throws {
    (self.oracle, self.start, self.calls) = (oracle, start, calls)
    let run = try start()
    defer { run.remove() }
    let training = try TracedTraining(run, oracle.settings, ranks: oracle.ranks)
    var command = try training.command(injections: [], tracing: calls)
    if let failpoint { command.variables["SGMN_FAILPOINT"] = failpoint }
    let result = try command.run()
    guard result.status == 0 else { throw TrialFailure("a traced run ended with \(result.status):\n\(result.text)") }
    save = try training.trace().save(of: saves.step, before: saves.next)
    guard !save.isEmpty else { throw TrialFailure("no save of step \(saves.step) in the trace") }
  }

  func calls(_ name: String) -> [SystemCallTrace.Call] { save.filter { $0.name == name } }

  /// Runs a job with these injections, and looks at what it leaves.
  ///
  /// - Throws: a `TrialFailure` also where nothing was injected, or processes outlive the job.
  func run(
    _ injections: [String], failpoint: String? = nil,
    check: (RunFolder, Job.Result, SystemCallTrace) throws -> Void
  ) throws {
    let run = try start()
    defer { run.remove() }
    let training = try TracedTraining(run, oracle.settings, ranks: oracle.ranks)
    var command = try training.command(injections: injections, tracing: calls)
    if let failpoint { command.variables["SGMN_FAILPOINT"] = failpoint }
    let result = try command.run()
    do {
      let trace = try training.trace()
      guard !trace.injected.isEmpty else { throw TrialFailure("nothing was injected") }
      guard result.survivors.isEmpty else { throw TrialFailure("processes outlive the job") }
      try check(run, result, trace)
    } catch let failure as TrialFailure {
      throw TrialFailure("\(injections): \(failure)\nthe job ended with \(result.status):\n\(result.text)")
    }
  }
}
