import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// A rank that hangs ends the run and is named; one that is only slow is named and ends nothing.
  @Suite struct HangTests {
    private func train(_ run: RunFolder, ranks: Int = 2, failpoint: String, _ settings: String...) throws -> Command {
      var command = try run.train(ranks: ranks)
      command.arguments += settings.flatMap { ["--set", $0] }
      command.variables["SGMN_FAILPOINT"] = failpoint
      return command
    }

    /// Expects the end of a run that hung, with one rank and its phase as the cause.
    private func expectHang(_ result: Job.Result, _ run: RunFolder, rank: Int, of ranks: Int, in phase: String) throws {
      #expect(result.status == 81, "\(result.text)")
      #expect(result.survivors.isEmpty)
      #expect(result.lineCount("the run hangs") == 1, "\(result.text)")
      let names = try FileManager.default.contentsOfDirectory(atPath: run.path).filter { $0.hasPrefix("error.rank-") }
      try #require(names.count == 1)
      let record = try JSONSerialization.jsonObject(with: run.bytes(names[0])) as? [String: Any]
      #expect(record?["code"] as? Int == 81)
      let what = try #require(record?["what"] as? String)
      #expect(what.contains("rank \(rank) on "), "\(what)")
      #expect(what.contains("in \(phase) of step "), "\(what)")
      for other in 0..<ranks where other != rank { #expect(!what.contains("rank \(other) "), "\(what)") }
    }

    @Test(arguments: [(2, 1, "forward"), (2, 0, "update"), (4, 0, "exchange"), (4, 3, "backward")])
    func aStoppedRankEndsTheRunAndIsNamed(ranks: Int, stopped: Int, phase: String) throws {
      let run = try RunFolder("stopped-\(phase)")
      let result = try train(
        run, ranks: ranks, failpoint: "step.\(phase):stop@9#\(stopped)", "safety.hang_seconds=3"
      ).run()
      try expectHang(result, run, rank: stopped, of: ranks, in: phase)
    }

    /// The watch has not begun, and MPI waits for every rank.
    @Test(arguments: [0, 1])
    func aRankThatIsStoppedBeforeItIsThereEndsAll(stopped: Int) throws {
      let run = try RunFolder("stopped-start")
      let result = try train(run, failpoint: "run.start:stop#\(stopped)", "safety.long_hang_seconds=3").run()
      #expect(result.status == 81, "\(result.text)")
      #expect(result.lineCount("The ranks have not come together within 3.0 s") == 1, "\(result.text)")
      #expect(result.survivors.isEmpty)
    }

    /// What reports the crash must not outlive the job, nor hold it up.
    @Test func aRankThatCrashesEndsAll() throws {
      let run = try RunFolder("crash")
      let job = try train(run, failpoint: "step.forward:sleep=50@*").start()
      #expect(job.wait { job.isInLoop } && job.signal(SIGSEGV, rank: 1))
      #expect(job.ends(within: 20), "\(job.state)")
      let result = job.finish()
      #expect(result.status == 139, "\(result.text)")
      #expect(result.survivors.isEmpty)
      #expect(result.text.contains("*** Process received signal ***"), "\(result.text)")
      #expect(!result.text.contains("Backtrace took"), "\(result.text)")
    }

    /// The watch is over, for there is nothing more to do, and MPI waits for every rank.
    @Test func aRankThatIsStoppedAtTheVeryEndEndsAll() throws {
      let run = try RunFolder("stopped-end")
      let result = try train(run, failpoint: "run.end:stop#1", "safety.hang_seconds=3").run()
      #expect(result.status == 81, "\(result.text)")
      #expect(result.lineCount("done and saved, but a rank does not end") == 1, "\(result.text)")
      #expect(result.survivors.isEmpty)
      try run.expectSameEnd(as: World.unbroken(settings: ["safety.hang_seconds=3"]).run)
    }

    /// A process that lives and works on something that does not end; then the same command without the fault.
    @Test func aRankThatDoesNotGoOnEndsTheRunAndIsNamed() throws {
      let run = try RunFolder("asleep")
      let result = try train(run, failpoint: "step.update:sleep=1000000@9#1", "safety.hang_seconds=3").run()
      try expectHang(result, run, rank: 1, of: 2, in: "update")
      let second = try run.train().run()
      #expect(second.status == 0, "\(second.text)")
      #expect(second.lineCount("resumed at step 6") == 1, "\(second.text)")
      try run.expectSameEnd(as: World.unbroken().run)
    }

    /// What is written down at an end may take longer than any phase of a step.
    @Test func aSlowDiskIsNoHangWhereARunStops() throws {
      let run = try RunFolder("slow-disk")
      // The first flush is that of config.yaml, the third of the checkpoint's state.
      let job = try train(
        run, failpoint: "file.sync:sleep=8000@3#0,step.data:sleep=300@*", "safety.hang_seconds=3",
        "checkpoint.every=1000"
      ).start()
      #expect(job.wait { run.metricsLineCount > 3 }, "\(job.standardError)")
      #expect(job.signalLauncher(SIGUSR1))
      let result = job.finish()
      #expect(result.status == 75, "\(result.text)")
      #expect(result.savedSteps.count == 1, "\(result.text)")
    }

    @Test func aSlowDiskIsNoHangWhereALossIsNotFinite() throws {
      let run = try RunFolder("slow-record")
      let result = try train(
        run, failpoint: "file.sync:sleep=8000@2#0,loss.not-finite:fire@5#1", "safety.hang_seconds=3"
      ).run()
      #expect(result.status == 80, "\(result.text)")
    }

    @Test func aSlowRankIsNamedAndChangesNothing() throws {
      let run = try RunFolder("slow")
      let result = try train(run, failpoint: "step.forward:sleep=150@*#1").run()
      #expect(result.status == 0, "\(result.text)")
      // No other rank, and no other part.
      let named = result.text.split(separator: "\n").filter { $0.contains("slower than the others in ") }
      #expect(named.count == 1, "\(result.text)")
      #expect(named.allSatisfy { $0.contains("rank 1 on ") && $0.contains(" in forward (") }, "\(named)")
      try run.expectSameEnd(as: World.unbroken().run)
    }

    @Test func aRankThatStopsForMomentsChangesNothing() throws {
      let run = try RunFolder("halting")
      let job = try run.train().start()
      #expect(job.wait { run.metricsLineCount > 0 }, "\(job.standardError)")
      while job.signal(SIGSTOP, rank: 1) {
        usleep(200_000)
        _ = job.signal(SIGCONT, rank: 1)
        usleep(100_000)
      }
      let result = job.finish()
      #expect(result.status == 0, "\(result.text)")
      try run.expectSameEnd(as: World.unbroken().run)
    }
  }
}
