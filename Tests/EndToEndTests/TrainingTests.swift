import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  @Suite struct TrainingTests {
    @Test func aRunOnTwoRanksLeavesCheckpointsMetricsAndItsConfiguration() throws {
      let (run, result) = try World.unbroken()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.survivors.isEmpty)
      #expect(result.lineCount("done: 24 steps") == 1, "\(result.text)")
      #expect(run.checkpoints == [12, 18, 24].map(RunFolder.checkpoint))
      #expect(run.metricsLineCount == World.stepCount)
      #expect(try run.losses().allSatisfy { $0.contains("loss=") && $0.contains("gradient_norm=") })
      let configuration = try String(contentsOfFile: "\(run.path)/config.yaml", encoding: .utf8)
      #expect(configuration.contains("global_batch: 8") && configuration.contains("smf_tokens: frame"))
    }

    @Test func aFinishedRunHasNothingLeftToDo() throws {
      let run = try World.unbroken().run
      let before = try run.losses()
      let again = try run.train().run()
      #expect(again.status == 0, "\(again.text)")
      #expect(try run.losses() == before)
    }

    @Test func fourRanksEvaluateWhileTheyTrain() throws {
      let run = try RunFolder("evaluating")
      let shards = try World.shared().testShards
      let result = try run.train(
        ranks: 4, "schedule.steps=4", "evaluation.every=2", "evaluation.shards='\(shards)'"
      ).run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.lineCount("R@mean") == 2, "\(result.text)")
      #expect(try run.losses().count { $0.contains("recall_mean") } == 2)
      // A step that is the best so far is saved although no checkpoint was due.
      let best = try String(decoding: run.bytes("checkpoints/best"), as: UTF8.self)
      #expect(run.checkpoints.contains { best == $0 + "\n" }, "\(best)")
    }

    @Test func theConfigurationIsPrintedOnce() throws {
      var command = try RunFolder("printed").train("seed=7")
      command.arguments.append("--print-config")
      let result = try command.run()
      #expect(result.status == 0, "\(result.text)")
      let lines = result.standardOutput.split(separator: "\n")
      #expect(lines.count { $0 == "seed: 7" } == 1, "\(result.text)")
    }

    /// One run on one, two and four ranks: the losses see the pairs of all.
    @Test func globalNegativesMakeTheNumberOfRanksIndifferent() throws {
      let losses = try [1, 2, 4].map { ranks -> [[Double]] in
        let run = try RunFolder("global-\(ranks)")
        let result = try run.train(
          ranks: ranks, "schedule.steps=4", "model.negatives=global", "model.smf=false", "model.mining=distance",
          "compute.encoder_parts=\(ranks)", "compute.recompute=\(ranks == 2)"
        ).run()
        #expect(result.status == 0, "\(result.text)")
        return try run.bytes("metrics.jsonl").split(separator: 0x0A).map { line in
          let fields = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
          return try ["loss", "loss_visual", "loss_text", "loss_graph", "loss_divergence", "gradient_norm"].map {
            try #require(fields[$0] as? Double)
          }
        }
      }
      #expect(losses[0].count == 4)
      for other in losses.dropFirst() {
        for (a, b) in zip(other.joined(), losses[0].joined()) { #expect(abs(a - b) < 1e-3 * abs(b), "\(a), \(b)") }
      }
    }

    /// The line of the README, but for the small model.
    @Test func eightRanksTrainOnAnyNumberOfCores() throws {
      let run = try RunFolder("eight")
      let command = try run.train(ranks: 8, "schedule.steps=3")
      #expect(command.words[4...8] == ["mpirun", "-n", "8", "sgmn-train", "--shards"])
      let result = try command.run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.lineCount("on 8 rank(s)") == 1, "\(result.text)")
      #expect(run.metricsLineCount == 3)
      #expect(result.survivors.isEmpty)
    }
  }
}
