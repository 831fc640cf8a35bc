import FaultTrials
import Foundation
import ProbeJobs
import Testing

extension EndToEnd {
  /// With virtual ranks a run has the same bits on any number of ranks, also where it goes from one number to another.
  @Suite struct ElasticTests {
    private static let model = "checkpoints/\(RunFolder.checkpoint(World.stepCount))/model.safetensors"
    private static let optimizer = "checkpoints/\(RunFolder.checkpoint(World.stepCount))/optimizer.safetensors"

    private func command(_ run: RunFolder, ranks: Int) throws -> Command {
      var command = try run.train(ranks: ranks, "compute.virtual_ranks=8", "data.global_batch=16", "checkpoint.every=3")
      command.arguments += ["--threads", "1"]
      return command
    }

    /// Runs on so many ranks until `step` is done or a little later, and stops with a checkpoint.
    private func train(_ run: RunFolder, ranks: Int, past step: Int) throws -> Job.Result {
      var command = try command(run, ranks: ranks)
      // Slow enough that the signal comes before the end.
      command.variables["SGMN_FAILPOINT"] = "step.end:sleep=200@3+#0"
      let job = try command.start()
      #expect(job.wait { run.metricsLineCount >= step }, "\(job.standardError)")
      #expect(job.signalLauncher(SIGUSR1))
      let result = job.finish()
      #expect(result.status == 75 && result.survivors.isEmpty, "\(result.text)")
      return result
    }

    @Test func aRunGoesFromEightRanksToOneAndBack() throws {
      let unbroken = try [8, 1].map { ranks in
        let run = try RunFolder("elastic-\(ranks)")
        let result = try command(run, ranks: ranks).run()
        #expect(result.status == 0, "\(result.text)")
        return run
      }
      let run = try RunFolder("elastic")
      let counts = [8, 4, 2, 1]
      for (place, ranks) in counts.enumerated() {
        let result = try train(run, ranks: ranks, past: 4 * (place + 1))
        if place > 0 { expectChange(from: counts[place - 1], to: ranks, result) }
      }
      #expect(run.metricsLineCount < World.stepCount)
      let last = try command(run, ranks: 8).run()
      #expect(last.status == 0, "\(last.text)")
      expectChange(from: 1, to: 8, last)
      try run.expectSameEnd(as: unbroken[0])
      for file in [Self.model, Self.optimizer] { #expect(try run.bytes(file) == unbroken[1].bytes(file), "\(file)") }
      #expect(try run.losses() == unbroken[1].losses())
    }

    private func expectChange(from before: Int, to ranks: Int, _ result: Job.Result) {
      let line =
        "made by \(before) ranks, this run has \(ranks): with 8 virtual ranks the numbers are the same, bit for bit"
      #expect(result.lineCount(line) == 1, "\(result.text)")
    }

    /// The other ways of mining, matching, encoding and sending; a gradient that is clipped in every step; an evaluation.
    private func otherWays(ranks: Int, virtualRanks: Int, overlap: String) throws -> (files: [Data], losses: [String]) {
      let run = try RunFolder("virtual-\(virtualRanks)-on-\(ranks)-\(overlap)")
      let evaluationShards = try World.shared().testShards
      var command = try run.train(
        ranks: ranks, "compute.virtual_ranks=\(virtualRanks)", "schedule.steps=6", "data.unique_products=true",
        "data.drop_tail_probability=0.9", "model.mining=distance", "model.smf_tokens=patch", "compute.encoder_parts=2",
        "compute.recompute=true", "optimizer.clip_norm=0.1", "evaluation.every=3",
        "evaluation.shards='\(evaluationShards)'")
      command.arguments += ["--threads", "1", "--overlap", overlap]
      let result = try command.run()
      #expect(result.status == 0, "\(result.text)")
      let files = try ["model", "optimizer"].map {
        try run.bytes("checkpoints/\(RunFolder.checkpoint(6))/\($0).safetensors")
      }
      return (files, try run.losses())
    }

    @Test func everyWayOfComputingIsTheSameOnAnyNumberOfRanks() throws {
      let first = try otherWays(ranks: 4, virtualRanks: 4, overlap: "on")
      #expect(first.losses.count == 8)
      for (ranks, overlap) in [(2, "on"), (2, "off"), (1, "off")] {
        let other = try otherWays(ranks: ranks, virtualRanks: 4, overlap: overlap)
        #expect(other.files == first.files, "\(ranks) ranks, overlap \(overlap)")
        #expect(other.losses == first.losses, "\(ranks) ranks, overlap \(overlap)")
      }
      // Without virtual ranks the numbers are others, or these comparisons would say nothing.
      let plain = try otherWays(ranks: 1, virtualRanks: 0, overlap: "off")
      #expect(plain.files[0] != first.files[0] && plain.losses != first.losses)
    }

    /// On emulated GPUs, in their own precision: pictures are staged in parts, and gradients travel through host memory.
    @Test func twoGPUsComputeTheSameAsOne() throws {
      let models = try [2, 1].map { ranks in
        let run = try RunFolder("elastic-gpus-\(ranks)")
        var command = try run.train(ranks: ranks, "compute.virtual_ranks=4", "schedule.steps=3")
        command.arguments += ["--device", "cuda"]
        command.variables = try EmulatorBuild.environment.get()
          .merging(["SGMN_EMULATOR_DEVICES": "\(ranks)", "SGMN_EMULATOR_DEFER": "1"]) { $1 }
        let result = try command.run()
        #expect(result.status == 0, "\(result.text)")
        #expect(result.lineCount("NCCL does not add in the order of virtual ranks") == ranks - 1, "\(result.text)")
        return try run.bytes("checkpoints/\(RunFolder.checkpoint(3))/model.safetensors")
      }
      #expect(models[0] == models[1])
    }

    @Test func ranksThatCannotShareTheBatchAreRefused() throws {
      let result = try RunFolder("three").train(ranks: 3, "compute.virtual_ranks=8", "data.global_batch=24").run()
      #expect(result.status == 64, "\(result.text)")
      #expect(result.lineCount("3 ranks cannot share 8 virtual ranks") == 1, "\(result.text)")
    }
  }
}
