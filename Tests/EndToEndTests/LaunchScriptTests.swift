import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// The scripts of `cluster/` that stand between a scheduler and `mpirun`.
  @Suite struct LaunchScriptTests {
    private static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../cluster").standardizedFileURL.path

    private func launch(_ run: RunFolder, _ settings: String...) throws -> Command {
      let training = try run.train(ranks: 2, settings: settings)
      return Command(Self.scripts + "/launch", ["-n", "2", training.name] + training.arguments)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGUSR1]) func anySignalStopsWithACheckpoint(number: Int32) throws {
      let run = try RunFolder("launch")
      let job = try launch(run).slowed().start()
      #expect(job.wait { run.metricsLineCount > World.checkpointInterval + 1 }, "\(job.standardError)")
      #expect(job.signalLauncher(number))
      let first = job.finish()
      #expect(first.status == 75, "\(first.text)")
      #expect(first.survivors.isEmpty)
      let stopped = run.metricsLineCount
      #expect(stopped < World.stepCount && run.checkpoints.last == RunFolder.checkpoint(stopped))
      let second = try launch(run).run()
      #expect(second.status == 0 && second.lineCount("resumed at step \(stopped)") == 1, "\(second.text)")
      try run.expectSameEnd(as: World.unbroken().run)
    }

    /// mpirun loses a signal that comes before it has started its ranks, or dies of it.
    @Test func aSignalBeforeTheRanksRunIsNotLost() throws {
      let run = try RunFolder("launch-early")
      let job = try launch(run, "schedule.steps=100000").start()
      #expect(job.wait { job.processes.contains { Self.isNamed("mpirun", $0.id) } })
      #expect(job.signalLauncher(SIGTERM))
      let result = job.finish()
      #expect(result.status == 75, "\(result.text)")
      #expect(result.survivors.isEmpty)
    }

    @Test func theCodeOfTheRanksIsThatOfTheScript() throws {
      let result = try launch(RunFolder("launch-78"), "model.width=25").run()
      #expect(result.status == 78, "\(result.text)")
    }

    /// Slurm's own commands stand aside here: what is looked at is the script, on a machine that has none of them.
    @Test(arguments: [SIGUSR1, SIGTERM]) func slurmQueuesAStoppedJobAgain(number: Int32) throws {
      let run = try RunFolder("slurm")
      let commands = run.path + "-commands"
      defer { try? FileManager.default.removeItem(atPath: commands) }
      try FileManager.default.createDirectory(atPath: commands, withIntermediateDirectories: true)
      for (name, text) in [("srun", "echo none"), ("scontrol", "echo \"$@\" >> '\(commands)/asked'")] {
        try "#!/bin/sh\n\(text)\n".write(toFile: "\(commands)/\(name)", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(commands)/\(name)")
      }
      func asked() -> String? { try? String(contentsOfFile: "\(commands)/asked", encoding: .utf8) }
      var command = Command("bash", [Self.scripts + "/slurm.sbatch"] + (try run.train().arguments))
      let path = try command.environment()["PATH"] ?? ""
      command.variables = ["PATH": "\(commands):\(path)", "SLURM_NTASKS": "2", "SLURM_JOB_ID": "4711"]
      let job = try command.slowed().start()
      #expect(job.wait { run.metricsLineCount > World.checkpointInterval + 1 }, "\(job.standardError)")
      #expect(job.signalLauncher(number))
      let first = job.finish()
      #expect(first.status == 75 && asked() == "requeue 4711\n", "\(first.text)")
      #expect(first.survivors.isEmpty)
      let second = try command.run()
      #expect(second.status == 0 && asked() == "requeue 4711\n", "\(second.text)")
      try run.expectSameEnd(as: World.unbroken().run)
    }

    private static func isNamed(_ name: String, _ process: pid_t) -> Bool {
      (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) == name + "\n"
    }
  }
}
