import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// How gradients travel changes when a step ends, not what it computes.
  @Suite struct GradientTravelTests {
    private func run(_ name: String, ranks: Int?, _ options: String...) throws -> (run: RunFolder, result: Job.Result) {
      let run = try RunFolder(name)
      var command = try run.train()
      command.ranks = ranks
      command.arguments += options
      let result = try command.run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.survivors.isEmpty)
      return (run, result)
    }

    @Test func twoRanksEndAlikeWithAndWithoutOverlap() throws {
      let unbroken = try World.unbroken()  // --overlap auto
      #expect(unbroken.result.lineCount("backward pass and exchange take") == 1, "\(unbroken.result.text)")
      for overlap in ["on", "off"] {
        let (run, result) = try run("overlap-\(overlap)", ranks: 2, "--overlap", overlap)
        #expect(result.lineCount("backward pass and exchange take") == 0, "\(result.text)")
        try run.expectSameEnd(as: unbroken.run)
      }
    }

    @Test(arguments: [nil, 4]) func otherRankCountsEndAlikeToo(ranks: Int?) throws {
      let off = try run("off", ranks: ranks, "--overlap", "off").run
      try run("on", ranks: ranks, "--overlap", "on").run.expectSameEnd(as: off)
    }

    @Test func roundedGradientsTrainAlmostAlikeAndTellTheirError() throws {
      let off = try run("wire-off", ranks: 2, "--wire", "bf16", "--overlap", "off")
      let on = try run("wire-on", ranks: 2, "--wire", "bf16", "--overlap", "on")
      try on.run.expectSameEnd(as: off.run)
      #expect(on.result.lineCount("gradients travel as bf16: relative error") == 1, "\(on.result.text)")
      let (rounded, exact) = (try numbers(on.run), try numbers(World.unbroken().run))
      #expect(rounded.count == World.stepCount)
      for (step, (rounded, exact)) in zip(rounded, exact).enumerated() {
        #expect((1e-4...3e-3).contains(rounded["wire_error"] ?? 0), "step \(step)")
        #expect(exact["wire_error"] == nil)
        let (a, b) = (rounded["loss"] ?? 0, exact["loss"] ?? 0)
        #expect(abs(a - b) <= 2e-2 * abs(b), "step \(step): \(a), \(b)")
        #expect((rounded["communication_seconds"] ?? -1) >= 0)
      }
    }

    @Test(arguments: [0, 1]) func aKilledRankEndsAnOverlappedRun(rank: Int) throws {
      let run = try RunFolder("overlap-killed-\(rank)")
      var command = try run.train(ranks: 3, "data.global_batch=9", "schedule.steps=100000")
      command.arguments += ["--overlap", "on"]
      let job = try command.start()
      #expect(job.wait { run.metricsLineCount > 3 }, "\(job.standardError)")
      #expect(job.signal(SIGKILL, rank: rank))
      let result = job.finish()
      #expect(result.status == 137, "\(result.text)")
      #expect(result.survivors.isEmpty)
    }

    @Test func anUnknownWayIsRefusedOnce() throws {
      for options in [["--overlap", "maybe"], ["--wire", "fp8"]] {
        var command = try RunFolder("unknown").train()
        command.arguments += options
        let result = try command.run()
        #expect([64, 78].contains(result.status), "\(result.text)")
        #expect(result.lineCount(options[1]) >= 1, "\(result.text)")
      }
    }

    /// The numbers of `metrics.jsonl`, a dictionary a step.
    private func numbers(_ run: RunFolder) throws -> [[String: Double]] {
      try run.bytes("metrics.jsonl").split(separator: 0x0A).map { line in
        let fields = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
        return fields.compactMapValues { $0 as? Double }
      }
    }
  }
}
