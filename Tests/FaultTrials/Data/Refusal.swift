import Foundation

/// How a command must end on bad input: with one code, and each part of the reason told in one line.
struct Refusal {
  var code: Int32
  var told: [String]

  /// Runs a command that must end so.
  @discardableResult
  func expect(of command: Command) throws -> Job.Result {
    let result = try command.run()
    try Oracle.expect(result, code, told: told)
    return result
  }

  /// The same for a run that must end before its first step, and leave nothing that a later run could take for its own.
  func expectAtStart(of run: RunFolder, _ command: Command) throws {
    try expect(of: command)
    guard run.metricsLineCount == 0, run.checkpoints.isEmpty else {
      throw TrialFailure("\(run.metricsLineCount) steps before the end, \(run.checkpoints.count) checkpoints")
    }
  }

  /// The same for a run that may have done steps: those that it tells of are those of a run on good data.
  @discardableResult
  func expectOnTheWay(of run: RunFolder, _ command: Command, ranks: Int) throws -> Job.Result {
    let result = try expect(of: command)
    let losses = run.metricsLineCount > 0 ? try run.losses() : []
    guard try World.unbroken(ranks: ranks).run.losses().starts(with: losses) else {
      throw TrialFailure("the \(losses.count) steps before the end are not those of the undamaged data")
    }
    return result
  }
}
