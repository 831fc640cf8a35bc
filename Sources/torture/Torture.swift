import ArgumentParser
import FaultTrials
import Foundation

/// Brings about every fault of docs/reliability.md in real jobs.
@main
struct Torture: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Brings about every fault of docs/reliability.md in real mpirun jobs, and says what became of each.",
    discussion: "Exit codes: 0 every fault ended as it must, 1 one did not, 77 some could not be brought about here.")

  @Option(help: ArgumentHelp("Faults by number: 1,2,12. All without it.", valueName: "numbers"))
  var only: String?

  @Option(help: ArgumentHelp("Numbers of ranks: 2,4,8. Those of each fault without it.", valueName: "ranks"))
  var ranks: String?

  @Flag(help: "A few places of each fault instead of all, as the tests do.")
  var quick = false

  @Option(help: "How often each fault is brought about; each has its own number without it.")
  var rounds: Int?

  @Option(help: "Decides what is random.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Appends the lines to this file too.", valueName: "file"))
  var log: String?

  @Option(help: "Instead of the table: so many rounds of kill -9 at random.")
  var kills: Int?

  func validate() throws {
    let known = Set(FaultTrial.all.map(\.number))
    for number in try numbers(only, "--only") ?? [] where !known.contains(number) {
      throw ValidationError("--only \(number): there is no trial of that number")
    }
    _ = try numbers(ranks, "--ranks")
    guard rounds.map({ $0 > 0 }) ?? true, kills.map({ $0 > 0 }) ?? true else {
      throw ValidationError("--rounds and --kills are at least 1")
    }
  }

  func run() throws {
    let report = try TortureReport(path: log)
    let code = kills == nil ? try runTable(report) : try runKills(report) ? 0 : 1
    if code != 0 { throw ExitCode(code) }
  }

  private func runTable(_ report: TortureReport) throws -> Int32 {
    let (only, ranks) = (try numbers(only, "--only"), try numbers(ranks, "--ranks"))
    for trial in FaultTrial.all where only?.contains(trial.number) ?? true {
      for count in quick ? trial.quickRanks : trial.ranks where ranks?.contains(count) ?? true {
        let setting = FaultTrial.Setting(ranks: count, isQuick: quick, seed: seed, roundCount: rounds)
        report.line(of: trial, ranks: count) { try trial.run(setting) }
      }
    }
    return report.end()
  }

  private func runKills(_ report: TortureReport) throws -> Bool {
    for count in try numbers(ranks, "--ranks") ?? [2] {
      do {
        var campaign = try KillCampaign(ranks: count, seed: seed)
        report.say(try campaign.run(count: kills ?? 1) { report.say($0) })
      } catch {
        report.say("FAIL \(error)")
        return false
      }
    }
    return true
  }

  private func numbers(_ text: String?, _ option: String) throws -> [Int]? {
    try text?.split(separator: ",").map { word in
      guard let number = Int(word), number > 0 else {
        throw ValidationError("\(option) \(text ?? "") is not a list of numbers")
      }
      return number
    }
  }
}
