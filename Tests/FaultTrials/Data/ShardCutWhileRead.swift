import Glibc

extension FaultTrial {
  static var shardCutWhileRead: FaultTrial {
    FaultTrial(number: 18, name: "a shard is cut while it is read", ranks: [2, 4], quickRanks: [2]) { setting in
      let damaged = try DamagedShards("cut-while-read")
      let job = try damaged.train(ranks: setting.ranks, "schedule.steps=100000").start()
      guard job.wait(until: { damaged.run.metricsLineCount >= 3 }) else {
        throw TrialFailure("no third step: \(job.finish().text)")
      }
      guard truncate(damaged.shard, 1000) == 0 else { throw TrialFailure("the shard cannot be cut") }
      let result = job.finish()
      try Oracle.expect(result, 65)
      // Each rank that reads meets it, and may be the first to say so.
      let told = result.standardError.split(separator: "\n").filter { $0.contains("The file ends early") }
      guard !told.isEmpty, told.allSatisfy({ $0.contains("\(damaged.shard): byte") && $0.contains("Copy the file") })
      else {
        throw TrialFailure("no file and byte: \(Oracle.excerpt(result))")
      }
      return "rc 65 after \(damaged.run.metricsLineCount) steps, no signal"
    }
  }
}
