import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// Runs of bf16 products: master weights are float32, and a resumed run makes its operands anew from them.
  @Suite struct PrecisionTests {
    /// Parts and recomputed blocks multiply the same operands once more; overlap watches what they complete.
    private static let options = ["--precision", "bf16", "--recompute", "--set", "compute.encoder_parts=2"]

    private func command(_ run: RunFolder, overlap: String) throws -> Command {
      var command = try run.train()
      command.arguments += PrecisionTests.options + ["--overlap", overlap]
      return command
    }

    @Test func aStoppedRunEndsAsAnUnbrokenOneWithAndWithoutOverlap() throws {
      let (whole, overlapped) = (try RunFolder("bf16-off"), try RunFolder("bf16-on"))
      for (run, overlap) in [(whole, "off"), (overlapped, "on")] {
        let result = try command(run, overlap: overlap).run()
        #expect(result.status == 0, "\(result.text)")
      }
      try overlapped.expectSameEnd(as: whole)

      let stopped = try RunFolder("bf16-cut")
      let job = try command(stopped, overlap: "on").slowed().start()
      #expect(job.wait { stopped.metricsLineCount > World.checkpointInterval + 1 }, "\(job.standardError)")
      #expect(job.signalLauncher(SIGUSR1))
      let first = job.finish()
      #expect(first.status == 75, "\(first.text)")
      let second = try command(stopped, overlap: "on").run()
      #expect(second.status == 0, "\(second.text)")
      #expect(second.lineCount("resumed at step") == 1, "\(second.text)")
      #expect(second.lineCount("the checkpoint was made with products in") == 0, "\(second.text)")
      try stopped.expectSameEnd(as: whole)
    }

    /// Rounding moves the losses a little. Where the processor has no bf16 instructions, the run and its evaluation say
    /// so, and compute in float32.
    @Test func aRunAndItsEvaluationSayWhatTheyComputeIn() throws {
      let run = try RunFolder("bf16")
      let result = try command(run, overlap: "off").run()
      #expect(result.status == 0, "\(result.text)")
      let fallsBack = result.lineCount("precision float32 instead of bf16") == 1
      let precision = fallsBack ? "float32" : "bf16"
      let state = try #require(
        JSONSerialization.jsonObject(
          with: run.bytes("checkpoints/\(RunFolder.checkpoint(World.stepCount))/state.json")) as? [String: Any])
      #expect(state["precision"] as? String == precision)
      if !fallsBack { #expect(try run.losses() != World.unbroken().run.losses()) }

      let shards = try World.shared().testShards
      for (asked, expected) in [("bf16", precision), ("float32", "float32")] {
        let evaluation = try Command(
          "sgmn-eval", ["--checkpoint", run.path, "--shards", shards, "--precision", asked, "--json", "-"], ranks: 2
        ).run()
        #expect(evaluation.status == 0, "\(evaluation.text)")
        let report = try #require(
          JSONSerialization.jsonObject(with: Data(evaluation.standardOutput.utf8)) as? [String: Any])
        #expect((report["model"] as? [String: Any])?["precision"] as? String == expected)
      }
    }
  }
}
