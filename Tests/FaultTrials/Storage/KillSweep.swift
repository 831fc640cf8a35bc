import Foundation

/// Jobs whose rank 0 is killed at one system call each.
struct KillSweep {
  let oracle: StorageOracle
  /// Makes the folder that each job starts in.
  let start: () throws -> RunFolder
  let part: Part
  var calls = TracedTraining.changes
  /// The step of a checkpoint that is damaged from the start on.
  var damaged: Int?

  /// What of a job is swept.
  enum Part {
    /// A save: its step, and that of the one after it.
    case save(Int, before: Int)
    /// Of a save what follows when the checkpoint has its name.
    case publishing(Int, before: Int)
    /// What a job does to its folder before the first step.
    case start
  }

  /// Jobs at one place until one is killed at the very call. A call is found by counting those before it, of which
  /// another thread, or MPI, makes a few more or fewer in every job.
  private static let attempts = 3

  struct Outcome {
    /// Places that there are, those that were tried, how many of these were met at the very call, and jobs killed.
    var places = 0
    var tried = 0
    var exact = 0
    var kills = 0
    /// How often the newest checkpoint after the kill was of this step.
    var newest: [Int: Int] = [:]

    var text: String {
      let steps = newest.sorted { $0.key < $1.key }.map { "step \($0.key) \($0.value) times" }.joined(separator: ", ")
      return "\(kills) kills at \(tried) of \(places) places (\(exact) at the very call), 0 checkpoints lost, "
        + "\(kills) of \(kills) resumes bitwise equal, newest after the kill: \(steps)"
    }
  }

  /// - Parameters:
  ///   - limit: At most so many places, spread evenly.
  ///   - check: What must hold of the steps that are there after a kill at the very call, besides that all are whole.
  func run(limit: Int = .max, check: ([Int]) throws -> Void) throws -> Outcome {
    let places = try self.places()
    var outcome = Outcome(places: places.count)
    for index in Self.spread(limit, over: places.count) {
      let place = places[index]
      outcome.tried += 1
      do {
        var isExact = false
        for _ in 0..<Self.attempts where !isExact { isExact = try kill(at: place, &outcome, check) }
        if isExact { outcome.exact += 1 }
      } catch let failure as TrialFailure {
        throw TrialFailure("killed at place \(index + 1) of \(places.count), \(place.call.text): \(failure)")
      }
    }
    // A kill elsewhere counts as well, for all that is looked at holds of it; but not if nearly all are elsewhere.
    guard outcome.exact * 3 >= outcome.tried else {
      throw TrialFailure("only \(outcome.exact) of \(outcome.tried) places were met at the very call")
    }
    return outcome
  }

  /// So many of `0..<count`, evenly, with the first and the last; the one in the middle where it is to be one.
  static func spread(_ limit: Int, over count: Int) -> [Int] {
    guard limit < count else { return Array(0..<count) }
    guard limit > 1 else { return [count / 2] }
    return (0..<limit).map { $0 * (count - 1) / (limit - 1) }
  }

  private struct Place {
    var call: SystemCallTrace.Call
    var pattern: String
  }

  /// The calls of the part in a job that is traced and not disturbed.
  private func places() throws -> [Place] {
    let run = try start()
    defer { run.remove() }
    let training = try TracedTraining(run, oracle.settings, ranks: oracle.ranks)
    let result = try training.command(injections: [], tracing: calls).run()
    guard result.status == 0 else { throw TrialFailure("a traced run ended with \(result.status):\n\(result.text)") }
    let found = try found(in: training.trace(), run)
    guard !found.isEmpty else { throw TrialFailure("no \(part) in the trace") }
    return found.map { Place(call: $0, pattern: $0.pattern(in: run.path)) }
  }

  private func found(in trace: SystemCallTrace, _ run: RunFolder) -> [SystemCallTrace.Call] {
    switch part {
    case .save(let step, let next):
      return trace.save(of: step, before: next)
    case .publishing(let step, let next):
      let renamed = "/.\(RunFolder.checkpoint(step)).tmp\","
      return Array(trace.save(of: step, before: next).drop { $0.name != "rename" || !$0.text.contains(renamed) })
    case .start:
      return trace.start(in: run.path)
    }
  }

  /// Whether the kill was at the very call.
  private func kill(at place: Place, _ outcome: inout Outcome, _ check: ([Int]) throws -> Void) throws -> Bool {
    let run = try start()
    defer { run.remove() }
    let training = try TracedTraining(run, oracle.settings, ranks: oracle.ranks)
    let injection = "\(place.call.name):signal=KILL:when=\(place.call.ordinal)"
    let result = try training.command(injections: [injection], tracing: calls).run()
    guard result.status == 137 else { throw TrialFailure("the job ended with \(result.status):\n\(result.text)") }
    guard result.survivors.isEmpty else { throw TrialFailure("processes outlive the job") }
    outcome.kills += 1
    let last = try training.trace().unfinished.map { $0.pattern(in: run.path) }
    let isExact = last.contains(place.pattern)
    let steps = try oracle.committedSteps(run, damaged: damaged)
    if isExact { try check(steps) }
    outcome.newest[steps.last ?? 0, default: 0] += 1
    try oracle.goesOn(run, from: steps.last ?? 0)
    return isExact
  }
}
