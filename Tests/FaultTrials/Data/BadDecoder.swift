import Foundation

extension FaultTrial {
  static var badDecoder: FaultTrial {
    FaultTrial(
      number: 32, name: "a decoder crashes, hangs, or takes all memory", ranks: [1, 2], quickRanks: []
    ) { setting in
      let ranks = setting.ranks > 1 ? setting.ranks : nil
      for (signal, cause, message) in [
        (SIGSEGV, "decoder crashed", "signal 11"), (SIGSTOP, "decoder hung", "no answer within 1 s"),
      ] {
        let fixture = try BuildFixture("decoder-\(signal)")
        let options = ["--on-bad", "skip", "--threads", "1", "--decode-timeout", "1"]
        var build = fixture.build("set", ranks: ranks)
        build.arguments += options
        let job = try build.start()
        guard job.wait(until: { fixture.shardCount("set") > 0 }), let worker = job.workers.first,
          kill(worker, signal) == 0
        else { throw TrialFailure("no decoder to hurt: \(job.finish().text)") }
        let result = job.finish()
        try Oracle.expect(result, 0)
        try expectRejected(in: fixture, 1, cause: cause, message: message, result)
      }
      // 7,000 × 7,000 pixels in a small file: more than the decoder may have.
      let fixture = try BuildFixture("decoder-memory")
      try Bomb.png(side: 7_000).write(to: URL(fileURLWithPath: "\(fixture.folder)/world/bomb.png"))
      let bomb = #"{"frames":["bomb.png"],"image":"bomb.png","image_id":"bomb","clip_id":"bomb"}"#
      let lines = try String(contentsOfFile: fixture.manifest, encoding: .utf8).split(separator: "\n").prefix(10)
      try (lines.joined(separator: "\n") + "\n" + bomb + "\n").write(
        toFile: fixture.manifest, atomically: true, encoding: .utf8)
      var build = fixture.build("set", ranks: ranks)
      build.arguments += ["--decode-memory", "64", "--threads", "1"]
      try Refusal(code: 65, told: ["clip bomb"]).expect(of: build)
      build.arguments += ["--on-bad", "skip"]
      let result = try build.run()
      try Oracle.expect(result, 0)
      try expectRejected(in: fixture, 1, cause: "", message: #""id":"bomb""#, result)
      return "each costs the clip at hand, told with its cause; without --on-bad skip the build ends with 65"
    }
  }

  private static func expectRejected(
    in fixture: BuildFixture, _ count: Int, cause: String, message: String, _ result: Job.Result
  ) throws {
    let rejected = String(decoding: try fixture.files("set")["rejected.jsonl"] ?? Data(), as: UTF8.self)
    guard rejected.split(separator: "\n").count == count, rejected.contains(message),
      result.standardOutput.contains("\(count)  \(cause)")
    else { throw TrialFailure("rejected: \(rejected), told: \(result.text)") }
  }
}
