import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// However a run is ended, the same command goes on, and its end is that of a run that nothing disturbed.
  @Suite struct InterruptionTests {
    /// Starts a run and waits until it is in the middle, with its first checkpoint on the disk, which is written beside the
    /// steps.
    private func running(_ run: RunFolder) throws -> Job {
      let job = try run.train().slowed().start()
      #expect(
        job.wait { run.metricsLineCount > World.checkpointInterval + 1 && !run.checkpoints.isEmpty },
        "\(job.standardError)")
      return job
    }

    private func goesOn(_ run: RunFolder, from steps: some Collection<Int>) throws {
      let second = try run.train().run()
      #expect(second.status == 0, "\(second.text)")
      #expect(steps.contains { second.lineCount("resumed at step \($0)") == 1 }, "\(second.text)")
      try run.expectSameEnd(as: World.unbroken().run)
    }

    @Test func sigusr1ToTheLauncherStopsAllRanksWithACheckpoint() throws {
      let run = try RunFolder("user-signal")
      let job = try running(run)
      #expect(job.signalLauncher(SIGUSR1))
      let first = job.finish()
      #expect(first.status == 75, "\(first.text)")
      #expect(first.survivors.isEmpty)
      let stopped = run.metricsLineCount
      #expect(stopped < World.stepCount)
      #expect(first.lineCount("stopped after step \(stopped) with a checkpoint") == 1, "\(first.text)")
      #expect(run.checkpoints.last == RunFolder.checkpoint(stopped))
      try goesOn(run, from: [stopped])
    }

    /// mpirun passes it on as SIGCONT at once, and kills two seconds later: a small step and its save fit.
    @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func aSignalThatEndsTheLauncherLosesNoStep(number: Int32) throws {
      let run = try RunFolder("launcher-signal")
      var command = try run.train().slowed()
      command.variables["OMPI_MCA_odls_base_sigkill_timeout"] = "4"  // as much as a busy machine may need
      let job = try command.start()
      #expect(job.wait { run.metricsLineCount > World.checkpointInterval + 1 }, "\(job.standardError)")
      #expect(job.signalLauncher(number))
      let first = job.finish()
      #expect(first.status == 1, "\(first.text)")
      #expect(first.survivors.isEmpty)
      let stopped = run.metricsLineCount
      #expect(stopped < World.stepCount)
      #expect(run.checkpoints.last == RunFolder.checkpoint(stopped))
      try goesOn(run, from: [stopped])
    }

    /// What a shell's `fg` sends, or who let a stopped rank go on.
    @Test func goingOnIsNoRequestToStop() throws {
      let run = try RunFolder("go-on")
      let job = try running(run)
      #expect(job.signal(SIGSTOP, rank: 1))
      #expect(job.signal(SIGCONT, rank: 1))
      let result = job.finish()
      #expect(result.status == 0, "\(result.text)")
      #expect(run.metricsLineCount == World.stepCount)
    }

    /// Ctrl-Z and `fg`: mpirun passes both on, the second as the very signal that it sends before it ends its ranks.
    @Test func aJobThatWasStoppedAsAWholeGoesOn() throws {
      let run = try RunFolder("stopped")
      let job = try running(run)
      #expect(job.signalLauncher(SIGTSTP))
      sleep(1)
      let count = run.metricsLineCount
      sleep(2)
      #expect(run.metricsLineCount == count && count < World.stepCount)
      #expect(job.signalLauncher(SIGCONT))
      let result = job.finish()
      #expect(result.status == 0, "\(result.text)")
      try run.expectSameEnd(as: World.unbroken().run)
    }

    /// Before the first step nothing has been trained, and a second request changes nothing.
    @Test func requestsDuringTheStartStopBeforeTheFirstStepWithOneCheckpoint() throws {
      let run = try RunFolder("start")
      var command = try run.train()
      // Holds rank 1 before its first step, while rank 0 has its folder already.
      command.variables["SGMN_FAILPOINT"] = "step.orders:sleep=2000#1"
      let job = try command.start()
      #expect(job.wait { job.standardError.contains("parameters, ") }, "\(job.standardError)")
      #expect(job.signalLauncher(SIGUSR1))
      usleep(100_000)
      #expect(job.signalLauncher(SIGUSR1))
      let first = job.finish()
      #expect(first.status == 75, "\(first.text)")
      #expect(run.metricsLineCount <= 1)
      #expect(first.lineCount("checkpoint of step") == 1, "\(first.text)")
      #expect(first.lineCount("with a checkpoint; the same command goes on") == 1, "\(first.text)")
      let second = try run.train().run()
      #expect(second.status == 0, "\(second.text)")
      try run.expectSameEnd(as: World.unbroken().run)
    }

    /// An evaluation may take longer than a scheduler waits: it is given up, and made when the run goes on. In the
    /// middle, and after the last step.
    @Test(arguments: [12, 24]) func aStopInAnEvaluationLosesNoStep(step: Int) throws {
      let settings = ["evaluation.every=12", "evaluation.shards='\(try World.shared().testShards)'"]
      let run = try RunFolder("evaluation")
      var command = try run.train(ranks: 2, settings: settings)
      command.variables["SGMN_FAILPOINT"] = "evaluation.begin:sleep=5000@\(step / 12)#1"
      let job = try command.start()
      #expect(job.wait { run.metricsLineCount >= step + step / 12 - 1 }, "\(job.standardError)")
      #expect(job.signal(SIGTERM, rank: 1))
      let first = job.finish()
      #expect(first.status == 75, "\(first.text)")
      #expect(first.lineCount("the evaluation of step \(step) is put off") == 1, "\(first.text)")
      #expect(run.checkpoints.last == RunFolder.checkpoint(step))
      // A process that is killed between the evaluation and the save after it makes both again.
      command.variables["SGMN_FAILPOINT"] = "checkpoint.begin:kill"
      #expect(try command.run().status == 137)
      command.variables = [:]
      let last = try command.run()
      #expect(last.status == 0, "\(last.text)")
      #expect(last.lineCount("resumed at step \(step)") == 1, "\(last.text)")
      try run.expectSameEnd(as: World.unbroken(settings: settings).run)
    }

    /// Nobody knows how long the first one takes.
    @Test func aTimeLimitEndsAnEvaluationThatDoesNotFit() throws {
      let settings = ["evaluation.every=12", "evaluation.shards='\(try World.shared().testShards)'"]
      let run = try RunFolder("long-evaluation")
      var command = try run.train(ranks: 2, settings: settings)
      command.variables["SGMN_FAILPOINT"] = "evaluation.begin:sleep=7000"
      command.arguments += ["--max-time", "7"]
      let first = try command.run()
      #expect(first.status == 75, "\(first.text)")
      #expect(first.lineCount("the evaluation of step 12 is put off") == 1, "\(first.text)")
      #expect(run.checkpoints.last == RunFolder.checkpoint(12))
      // Nor does it fit into the whole of the same limit: that would go on for ever.
      let second = try command.run()
      #expect(second.status == 78, "\(second.text)")
      #expect(second.lineCount("--max-time is too short for the evaluation of step 12") == 1, "\(second.text)")
      let third = try run.train(ranks: 2, settings: settings).run()
      #expect(third.status == 0, "\(third.text)")
      try run.expectSameEnd(as: World.unbroken(settings: settings).run)
    }

    @Test func aTimeLimitStopsARunBeforeItIsOver() throws {
      let run = try RunFolder("limit")
      var command = try run.train("schedule.steps=100000", "checkpoint.every=100000")
      command.arguments += ["--max-time", "4"]
      let first = try command.run()
      #expect(first.status == 75, "\(first.text)")
      #expect(first.lineCount("left of --max-time: the run stops here") == 1, "\(first.text)")
      let stopped = run.metricsLineCount
      #expect(stopped > 0)
      #expect(run.checkpoints == [RunFolder.checkpoint(stopped)])
    }

    @Test func sigtermToOneRankStopsAllRanksWithACheckpoint() throws {
      let run = try RunFolder("one-rank-signal")
      let job = try running(run)
      #expect(job.signal(SIGTERM, rank: 1))
      let first = job.finish()
      #expect(first.status == 75, "\(first.text)")
      #expect(first.survivors.isEmpty)
      try goesOn(run, from: [run.metricsLineCount])
    }

    @Test(arguments: [0, 1]) func aKilledRankEndsTheJobAndLosesNoCheckpoint(rank: Int) throws {
      let run = try RunFolder("killed-\(rank)")
      let job = try running(run)
      let killed = DispatchTime.now().uptimeNanoseconds
      #expect(job.signal(SIGKILL, rank: rank))
      let first = job.finish()
      #expect(first.status == 137, "\(first.text)")
      #expect(DispatchTime.now().uptimeNanoseconds - killed < 30_000_000_000)
      #expect(first.survivors.isEmpty)
      try goesOn(run, from: [6, 12, 18])
    }

    /// Its ranks live for a moment: the next job waits for them.
    @Test func aJobRightAfterAKilledLauncherGoesOn() throws {
      let run = try RunFolder("killed-and-again")
      let job = try running(run)
      #expect(job.signalLauncher(SIGKILL))
      try goesOn(run, from: [6, 12, 18])
      #expect(job.finish().survivors.isEmpty)
    }

    @Test func ofTwoJobsAtOnceOneRuns() throws {
      let run = try RunFolder("two")
      let command = try run.train("schedule.steps=100000")
      let jobs = [try command.start(), try command.start()]
      func isRefused(_ job: Job) -> Bool { job.standardError.contains("error    rank 0 of 2: The folder is in use") }
      #expect(jobs[0].wait { jobs.contains(where: isRefused) })
      let winner = try #require(jobs.first { !isRefused($0) })
      #expect(winner.wait { run.metricsLineCount > 0 })
      #expect(winner.signalLauncher(SIGUSR1))
      let results = jobs.map { $0.finish() }
      #expect(results.map(\.status).sorted() == [73, 75], "\(results.map(\.text))")
      #expect(run.checkpoints.last == RunFolder.checkpoint(run.metricsLineCount))
    }

    @Test func aKilledLauncherTakesItsRanksAlong() throws {
      let run = try RunFolder("killed-launcher")
      let job = try running(run)
      #expect(job.signalLauncher(SIGKILL))
      let first = job.finish()
      #expect(first.status == 137, "\(first.text)")
      #expect(first.survivors.isEmpty)
      try goesOn(run, from: [6, 12, 18])
    }

    @Test func ctrlCStopsACommandWithoutALauncher() throws {
      let run = try RunFolder("alone")
      var command = try run.train()
      command.ranks = nil
      let job = try command.slowed(from: 2).start()
      #expect(job.wait { run.metricsLineCount > 0 }, "\(job.standardError)")
      #expect(job.signalLauncher(SIGINT))
      let first = job.finish()
      #expect(first.status == 75, "\(first.text)")
      let second = try command.run()
      #expect(second.status == 0, "\(second.text)")
      #expect(run.metricsLineCount == World.stepCount)
    }

    @Test func anotherNumberOfRanksGoesOnWithAWarning() throws {
      let run = try RunFolder("four-ranks")
      try FileManager.default.copyItem(atPath: World.unbroken().run.path, toPath: run.path)
      try FileManager.default.removeItem(atPath: "\(run.path)/checkpoints/\(RunFolder.checkpoint(24))")
      let result = try run.train(ranks: 4).run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.lineCount("made by 2 ranks, this run has 4") == 1, "\(result.text)")
      #expect(run.metricsLineCount == World.stepCount)
    }

    @Test func aNamedCheckpointBeginsAnotherRun() throws {
      let run = try RunFolder("named")
      let unbroken = try World.unbroken().run
      var command = try run.train()
      command.arguments += ["--resume", "\(unbroken.path)/checkpoints/\(RunFolder.checkpoint(18))"]
      let result = try command.run()
      #expect(result.status == 0, "\(result.text)")
      let model = "checkpoints/\(RunFolder.checkpoint(24))/model.safetensors"
      #expect(try run.bytes(model) == unbroken.bytes(model))
      #expect(run.metricsLineCount == 6)
    }

    @Test func aCutCheckpointIsPassedOverForTheOneBefore() throws {
      let run = try RunFolder("cut")
      try FileManager.default.copyItem(atPath: World.unbroken().run.path, toPath: run.path)
      try run.cut("checkpoints/\(RunFolder.checkpoint(24))/model.safetensors", by: 100)
      let result = try run.train().run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.lineCount("Checkpoint step-00000024 is damaged and passed over") == 1, "\(result.text)")
      #expect(result.lineCount("resumed at step 18") == 1, "\(result.text)")
      try run.expectSameEnd(as: World.unbroken().run)
    }

    @Test func aFolderIsNotSharedByTwoRuns() throws {
      let run = try RunFolder("shared")
      let job = try run.train("schedule.steps=100000").start()
      #expect(job.wait { run.metricsLineCount > 0 }, "\(job.standardError)")
      let holder = try #require(job.processes.first { $0.rank == 0 }).id
      let second = try run.train("schedule.steps=100000").run()
      #expect(second.lineCount("waiting 5 s for the folder") == 1, "\(second.text)")
      #expect(second.status == 73, "\(second.text)")
      #expect(second.lineCount("in use by another process") == 2, "\(second.text)")
      #expect(second.lineCount("error    rank 0 of 2: The folder is in use") == 1, "\(second.text)")
      #expect(second.lineCount("pid \(holder)") == 2, "\(second.text)")
      #expect(second.survivors.isEmpty)
      #expect(job.signalLauncher(SIGUSR1))
      #expect(job.finish().status == 75)
    }
  }
}
