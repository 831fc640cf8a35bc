import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  @Suite struct BenchmarkTests {
    static let tiny = [
      "model.resolution=16", "model.patch=8", "model.width=24", "model.heads=2", "model.embed_dim=16",
      "model.frames=3", "model.tmc_heads=2", "model.text_dim=8", "model.gci_heads=2", "model.smf_heads=2",
      "model.fusion_hidden=16",
    ].flatMap { ["--set", $0] }

    private func bench(_ arguments: String...) throws -> Job.Result {
      try Command("sgmn-train", ["bench", "--layers", "1"] + arguments + BenchmarkTests.tiny, ranks: 2).run()
    }

    @Test func twoRanksPrintOneLineOfThePeersKind() throws {
      let result = try bench("--pairs", "2", "--steps", "3", "--smf", "frame", "--recompute", "--encoder-parts", "2")
      #expect(result.status == 0, "\(result.text)")
      let lines = result.standardOutput.split(separator: "\n")
      #expect(lines.count == 1 && lines[0].hasPrefix("pairs_per_s="), "\(result.text)")
      for field in [" world=2 ", " pairs=2 ", " dtype=fp32 ", " smf=frame ", " loss=", " exchange_s="] {
        #expect(lines.first?.contains(field) == true, "\(field)")
      }
      #expect(result.survivors.isEmpty)
    }

    @Test func clipsAndTheEncoderAreMeasuredAlone() throws {
      for (flag, field) in [("--encode-only", "clips_per_s="), ("--encoder", "encoder_gflops=")] {
        let result = try bench("--steps", "2", "--dtype", "bf16", flag)
        #expect(result.status == 0 && result.standardOutput.hasPrefix(field), "\(result.text)")
      }
    }

    @Test func aTraceOfTwoRanksHasBoth() throws {
      let path = try World.shared().folder + "/trace-\(UUID().uuidString).json"
      let result = try bench("--steps", "2", "--profile", path)
      #expect(result.status == 0, "\(result.text)")
      #expect(result.standardOutput.contains("profile of 2 steps on 2 rank(s)"), "\(result.text)")
      let file = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any]
      let events = try #require(file?["traceEvents"] as? [[String: Any]])
      #expect(Set(events.compactMap { $0["pid"] as? Int }) == [0, 1])
    }

    @Test func wrongArgumentsAreRefused() throws {
      for arguments in [
        ["--pairs", "0"], ["--encoder", "--encode-only"], ["--dtype", "fp8"], ["--steps", "x"],
        ["--overlap", "auto", "--warmup", "7"],
      ] {
        let result = try Command("sgmn-train", ["bench"] + arguments).run()
        #expect(result.status == 64, "\(result.text)")
        #expect(result.lineCount("Error:") == 1, "\(result.text)")
      }
    }

    @Test func aRunSaysWhereItsTimeWent() throws {
      let run = try RunFolder("profiled")
      var command = try run.train("schedule.steps=5")
      command.arguments += ["--profile", "--profile-steps", "2"]
      let result = try command.run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.standardOutput.contains("profile of 2 steps on 2 rank(s)"), "\(result.text)")
      let trace = try JSONSerialization.jsonObject(with: run.bytes("profile/trace.json")) as? [String: Any]
      #expect((trace?["traceEvents"] as? [Any])?.isEmpty == false)
      #expect(run.metricsLineCount == 5)
    }
  }
}
