import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// Numbers and ranks that go wrong, on one rank alone: all ranks agree on what follows.
  @Suite struct GuardTests {
    private func run(_ name: String, failpoint: String, ranks: Int = 2, _ settings: String...) throws -> (
      run: RunFolder, result: Job.Result
    ) {
      let run = try RunFolder(name)
      var command = try run.train(ranks: ranks)
      command.arguments += settings.flatMap { ["--set", $0] }
      command.variables["SGMN_FAILPOINT"] = failpoint
      let result = try command.run()
      #expect(result.survivors.isEmpty)
      #expect(result.lineCount("warning") >= 1)
      return (run, result)
    }

    private func goesOn(_ run: RunFolder, from step: Int) throws {
      let second = try run.train().run()
      #expect(second.status == 0, "\(second.text)")
      #expect(second.lineCount("resumed at step \(step)") == 1, "\(second.text)")
      try run.expectSameEnd(as: World.unbroken().run)
    }

    private func fields(_ run: RunFolder, step: Int, rank: Int) throws -> [String: Any] {
      let data = try run.bytes("bad-batch.step-\(step).rank-\(rank).json")
      return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func aLossThatIsNotFiniteOnOneRankStopsAll() throws {
      let (run, result) = try run("loss", failpoint: "loss.not-finite:fire@9#1")
      #expect(result.status == 80, "\(result.text)")
      #expect(result.lineCount("The loss of step 9 is not finite: total, ") == 1, "\(result.text)")
      #expect(result.lineCount(" on rank 1 (clips ") == 1, "\(result.text)")
      #expect(run.checkpoints.last == RunFolder.checkpoint(6))
      let (good, bad) = (try fields(run, step: 9, rank: 0), try fields(run, step: 9, rank: 1))
      #expect((bad["losses"] as? [String: Any])?["total"] as? String == "nan")
      #expect(((good["losses"] as? [String: Any])?["total"] as? Double)?.isFinite == true)
      let clips = try #require(bad["clip_ids"] as? [String])
      #expect(clips.count == 4 && (bad["sample_numbers"] as? [Int])?.count == 4)
      for clip in clips { #expect(result.lineCount(clip) == 1) }
      #expect(try run.bytes("error.rank-1.json").isEmpty == false)
      try goesOn(run, from: 6)
    }

    @Test(arguments: ["on", "off"]) func aGradientThatIsNotFiniteNamesItsTensor(overlap: String) throws {
      let run = try RunFolder("gradient-\(overlap)")
      var command = try run.train()
      command.arguments += ["--overlap", overlap]
      command.variables["SGMN_FAILPOINT"] = "gradient.not-finite:fire@8#1"
      let result = try command.run()
      #expect(result.status == 80, "\(result.text)")
      let tensors = try (0..<2).map { try #require(try fields(run, step: 8, rank: $0)["tensors"] as? [String]) }
      #expect(tensors[0] == tensors[1])
      let first = try #require(tensors[0].first)
      #expect(result.lineCount("The gradient of step 8 is not finite: \(first)") == 1, "\(result.text)")
      #expect(run.checkpoints.last == RunFolder.checkpoint(6))
    }

    /// The skipped step is none of the optimiser's, in the checkpoint too, so a stop changes nothing.
    @Test func aSkippedStepIsTheSameWithAndWithoutAStop() throws {
      let plan = "gradient.not-finite:fire@8#1"
      let (whole, result) = try run("skip", failpoint: plan, "safety.on_not_finite=skip")
      #expect(result.status == 0, "\(result.text)")
      #expect(result.lineCount("The step is skipped: no weight has changed (1 of at most 10)") == 1, "\(result.text)")
      #expect(try whole.losses().count == World.stepCount)
      #expect(try whole.losses().last?.contains("skipped_steps=1") == true)
      let last = "checkpoints/\(RunFolder.checkpoint(World.stepCount))"
      let header = String(decoding: try whole.bytes("\(last)/optimizer.safetensors").prefix(400_000), as: UTF8.self)
      #expect(header.contains("\"updates\":\"\(World.stepCount - 1)\""))
      // Killed as the third save begins: the second, of step 12, is on the disk by then, however slow the disk.
      let (stopped, first) = try run(
        "skip-stop", failpoint: plan + ",checkpoint.snapshot:kill@3#0", "safety.on_not_finite=skip")
      #expect(first.status == 137, "\(first.text)")
      var command = try stopped.train()
      command.arguments += ["--set", "safety.on_not_finite=skip"]
      let second = try command.run()
      #expect(second.status == 0, "\(second.text)")
      #expect(second.lineCount("resumed at step 12") == 1, "\(second.text)")
      #expect(try stopped.differences(from: whole) == [])
    }

    @Test func moreSkippedStepsThanAllowedEndTheRun() throws {
      let (run, result) = try run(
        "skip-limit", failpoint: "loss.not-finite:fire@3+#0", "safety.on_not_finite=skip", "safety.skip_limit=2")
      #expect(result.status == 80, "\(result.text)")
      #expect(result.lineCount("The step is skipped") == 2, "\(result.text)")
      #expect(result.lineCount("safety.skip_limit is 2") == 1, "\(result.text)")
      #expect(run.metricsLineCount == 4)
    }

    /// The comparison before the save finds it, though none is due: the last checkpoint is one that all agreed on.
    @Test func aFlippedBitNamesItsRankAndIsNeverSaved() throws {
      let (run, result) = try run("flip", failpoint: "weight.flipped:fire@8#2", ranks: 4)
      #expect(result.status == 82, "\(result.text)")
      #expect(result.lineCount("the weights of rank 2 are not those of the others") == 1, "\(result.text)")
      #expect(run.checkpoints.last == RunFolder.checkpoint(6))
      let second = try run.train(ranks: 4).run()
      #expect(second.status == 0 && second.lineCount("resumed at step 6") == 1, "\(second.text)")
      try run.expectSameEnd(as: World.unbroken(ranks: 4).run)
    }

    /// Asked to stop, the run would save at once.
    @Test func aFlippedBitIsNotSavedByAStopEither() throws {
      let run = try RunFolder("flip-stop")
      let job = try run.train(
        "schedule.steps=100000", "checkpoint.every=100000", "safety.compare_ranks_every=100000"
      ).armed("weight.flipped:fire@2#1").start()
      #expect(job.wait { run.metricsLineCount > 2 }, "\(job.standardError)")
      #expect(job.signalLauncher(SIGUSR1))
      let result = job.finish()
      #expect(result.status == 82, "\(result.text)")
      #expect(run.checkpoints.isEmpty)
    }

    @Test(arguments: [0, 1]) func aRankThatLeavesTheLoopEndsAll(rank: Int) throws {
      let (run, result) = try run("left-\(rank)", failpoint: "loop.left:fire@10#\(rank)", ranks: 4)
      #expect(result.status == 70, "\(result.text)")
      #expect(
        result.lineCount("not at the same step: rank \(rank) at the end after step 9, the others before step 10") == 1,
        "\(result.text)")
      #expect(run.metricsLineCount == 9)
      #expect(run.checkpoints.last == RunFolder.checkpoint(6))
    }

    @Test(arguments: ["sgmn-train", "sgmn-eval", "sgmn-shard"]) func aWrongFailpointIsRefused(name: String) throws {
      let arguments = [
        "sgmn-train": ["--out", "x"], "sgmn-eval": ["-c", "x", "-s", "x"], "sgmn-shard": ["info", "x"],
      ]
      var command = Command(name, try #require(arguments[name]), ranks: 2)
      command.variables["SGMN_FAILPOINT"] = "step.end:explode"
      let result = try command.run()
      #expect(result.status == 64, "\(result.text)")
      #expect(
        result.lineCount("in a failpoint (SGMN_FAILPOINT: step.end:explode)") == 1, "\(result.text)")
    }
  }
}
