import Foundation

extension FaultTrial {
  static var readErrors: FaultTrial {
    FaultTrial(number: 21, name: "reads of a shard fail", ranks: [2, 4], quickRanks: [2]) { setting in
      let again = "try 2 of 3 follows"
      let plans = [("error=ESTALE@9#1", 1), ("error=EIO@9#1,shard.read:error=EIO@10#1", 2), ("error=EIO@9#1", 1)]
      for (plan, lines) in setting.isQuick ? plans.prefix(2) : plans[...] {
        let run = try RunFolder("read-error")
        let command = try run.train(ranks: setting.ranks).armed("shard.read:\(plan)")
        let result = try Oracle.expectUnbrokenEnd(of: run, by: command)
        guard result.lineCount(again) == 1, result.lineCount("follows") == lines else {
          throw TrialFailure("\(plan): \(Oracle.excerpt(result))")
        }
      }
      let shard = try World.shared().trainShards + "/shard-00000.sgmn"
      for (name, number) in setting.isQuick ? [("EIO", 5)] : [("EIO", 5), ("ESTALE", 116)] {
        let run = try RunFolder("read-fails")
        let command = try run.train(ranks: setting.ranks).armed("shard.read:error=\(name)@9+#1")
        let why = "(errno \(number)), after 3 tries (\(shard): byte"
        let result = try Refusal(code: 74, told: [why, "Look at the disk"]).expectOnTheWay(
          of: run, command, ranks: setting.ranks)
        // Once, or more often: before the run has ended its reader may have tried another sample, too.
        for warning in [again, "try 3 of 3 follows"] where !result.standardError.contains(warning) {
          throw TrialFailure("\(warning.debugDescription) is not told: \(Oracle.excerpt(result))")
        }
        try Oracle.expectUnbrokenEnd(of: run, by: run.train(ranks: setting.ranks))
      }
      let system = try setting.isQuick ? "" : byTheSystem(shard, ranks: setting.ranks)
      return "errors that pass cost a warning, with the same weights; lasting ones end with 74\(system)"
    }
  }

  /// The same with errors of the system call itself.
  private static func byTheSystem(_ shard: String, ranks: Int) throws -> String {
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", shard, "-e", "trace=pread64"]
    for (inject, code) in [("error=EIO:when=9", Int32(0)), ("error=EIO:when=9+", 74)] {
      let run = try RunFolder("read-error-system")
      let plain = try run.train(ranks: ranks)
      var traced = plain
      traced.rankPrefix = strace + ["-e", "inject=pread64:\(inject)"]
      let result = try traced.run()
      guard result.status == code, result.text.contains("follows") else {
        throw TrialFailure("\(inject): \(Oracle.excerpt(result))")
      }
      if code != 0 { try Oracle.expectUnbrokenEnd(of: run, by: plain) }
    }
    return ", also by strace"
  }

  static var slowReads: FaultTrial {
    FaultTrial(number: 21, name: "every read of a shard takes long", ranks: [2], quickRanks: []) { setting in
      let run = try RunFolder("slow-reads")
      let command = try run.train(ranks: setting.ranks).armed("shard.read:sleep=50@*")
      try Oracle.expectUnbrokenEnd(of: run, by: command)
      return "50 ms a read: no false alarm, the same weights"
    }
  }
}
