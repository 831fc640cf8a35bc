import Foundation

/// Row 26.
extension FaultTrial {
  static let otherRankCounts = FaultTrial(
    number: 26, name: "a run goes on with other numbers of ranks: 8, 4, 2, 1, 8", ranks: [8], quickRanks: [8]
  ) { setting in
    let settings = ["compute.virtual_ranks=8"]
    let options = ["--threads", "1"]
    let unbroken = try World.unbroken(ranks: 8, settings: settings, options: options)
    try Oracle.expect(unbroken.result, 0)
    let run = try RunFolder("other-ranks")
    let chain = setting.isQuick ? [4, 1, 8] : [8, 4, 2, 1, 8]
    for (place, ranks) in chain.enumerated() {
      var command = try run.train(ranks: ranks, settings: settings).armed("step.forward:sleep=60@*")
      command.arguments += options
      let job = try command.start()
      if place + 1 < chain.count {
        let goal = (place + 1) * World.stepCount / chain.count
        guard job.wait(until: { run.metricsLineCount >= goal }), job.signalLauncher(SIGUSR1) else {
          throw TrialFailure("\(ranks) ranks do not get to step \(goal): \(Oracle.excerpt(job.finish()))")
        }
      }
      try Oracle.expect(job.finish(), place + 1 < chain.count ? 75 : 0)
    }
    let differences = try run.differences(from: unbroken.run)
    guard differences.isEmpty else { throw TrialFailure(differences.joined(separator: ", ")) }
    return "weights, optimizer, learning rate and losses bitwise those of 8 ranks throughout"
  }
}
