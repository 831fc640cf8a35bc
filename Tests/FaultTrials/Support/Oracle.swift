import Foundation

/// What must be true after a fault, whatever the fault was:
///
/// - the checkpoints that were committed before it are whole and have the bytes they had (`CommittedCheckpoints`);
/// - the job ended with the code that is documented, and none of its processes lives (`expect`);
/// - standard error and `error.rank-R.json` say what, where and what to do, once (`expect`, `expectRecord`);
/// - the same command goes on and ends with the weights, the optimizer, the state and the losses of a run that nothing
///   disturbed, bit by bit, and leaves no temporary file, no lock and no shared memory (`expectUnbrokenEnd`).
///
/// Every job runs under a deadline (`Command.seconds`).
package enum Oracle {
  /// Throws unless the job ended with `code`, left no process, and said each of `told` on one line alone.
  package static func expect(_ result: Job.Result, _ code: Int32, told: String...) throws {
    try expect(result, code, told: told)
  }

  package static func expect(_ result: Job.Result, _ code: Int32, told: [String]) throws {
    guard result.status == code else {
      let late = result.status == 124 ? " (the deadline passed)" : ""
      throw TrialFailure("exit code \(result.status)\(late) instead of \(code): \(excerpt(result))")
    }
    guard result.survivors.isEmpty else { throw TrialFailure("processes \(result.survivors) outlived the job") }
    for part in told {
      let count = result.lineCount(part)
      guard count == 1 else {
        throw TrialFailure("\(count) lines instead of one say \(part.debugDescription): \(excerpt(result))")
      }
    }
  }

  /// Throws unless one rank alone, `rank` where it is given, left a record of `code` that says each of `told`, with a
  /// remedy.
  package static func expectRecord(in run: RunFolder, _ code: Int32, rank: Int? = nil, told: String...) throws {
    let names = run.errorRecords
    guard names.count == 1, let name = names.first else {
      throw TrialFailure("\(names.count) records of the first error instead of one: \(names)")
    }
    if let rank, name != "error.rank-\(rank).json" { throw TrialFailure("\(name) is not of rank \(rank)") }
    let text = try String(decoding: run.bytes(name), as: UTF8.self)
    guard let fields = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
      throw TrialFailure("\(name) is no object: \(text)")
    }
    guard fields["code"] as? Int == Int(code) else { throw TrialFailure("\(name) has another code: \(text)") }
    guard let remedy = fields["remedy"] as? String, !remedy.isEmpty else {
      throw TrialFailure("\(name) names no remedy: \(text)")
    }
    for part in told where !text.contains(part) {
      throw TrialFailure("\(name) does not say \(part.debugDescription): \(text)")
    }
  }

  /// Runs `command` to its end, which must be that of the unbroken run on as many ranks with the same settings, with
  /// nothing left behind.
  @discardableResult
  package static func expectUnbrokenEnd(
    of run: RunFolder, by command: Command, settings: [String] = [], since memory: SharedMemory? = nil
  ) throws -> Job.Result {
    let result = try command.run()
    try expect(result, 0)
    try expectUnbrokenEnd(of: run, ranks: command.ranks ?? 1, settings: settings)
    try expectNothingLeft(in: run, since: memory)
    return result
  }

  /// Throws unless `run` has ended as the unbroken run on so many ranks did.
  package static func expectUnbrokenEnd(of run: RunFolder, ranks: Int, settings: [String] = []) throws {
    let unbroken = try World.unbroken(ranks: ranks, settings: settings)
    guard unbroken.result.status == 0 else { throw TrialFailure("the unbroken run: \(excerpt(unbroken.result))") }
    let differences = try run.differences(from: unbroken.run)
    guard differences.isEmpty else {
      throw TrialFailure("not the end of an unbroken run: \(differences.joined(separator: ", "))")
    }
  }

  /// Throws where a finished run left temporary files, its lock, a record of an error, or shared memory.
  package static func expectNothingLeft(in run: RunFolder, since memory: SharedMemory? = nil) throws {
    let left = run.temporaryFiles + run.errorRecords
    guard left.isEmpty else { throw TrialFailure("left behind: \(left.joined(separator: ", "))") }
    if let segments = memory?.leftovers, !segments.isEmpty {
      throw TrialFailure("left behind in /dev/shm: \(segments.joined(separator: ", "))")
    }
  }

  /// The end of what a job said, on one line.
  package static func excerpt(_ result: Job.Result) -> String {
    let lines = result.text.split(separator: "\n").filter { !$0.allSatisfy { $0 == "-" } }
    return lines.suffix(12).joined(separator: " | ")
  }
}
