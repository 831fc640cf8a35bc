import FaultTrials
import Foundation
import ProbeJobs
import Testing

/// The emulated GPU as the card of two ranks.
private struct GPURun {
  static let stepCount = 6

  /// What a command needs to take the emulated GPU for one, and further variables.
  static func environment(_ more: [String: String] = [:]) throws -> [String: String] {
    try EmulatorBuild.environment.get().merging(more) { $1 }
  }

  /// `sgmn-train` on two ranks, six steps with a checkpoint after the third.
  static func train(
    _ run: RunFolder, device: String, _ arguments: [String] = [], variables: [String: String] = [:]
  ) throws -> Command {
    var command = try run.train("schedule.steps=\(stepCount)", "checkpoint.every=3")
    command.arguments += ["--device", device, "--overlap", "off"] + arguments
    command.variables = try environment(variables)
    return command
  }

  private static let bf16 = Result {
    let run = try RunFolder("gpu")
    return (run: run, result: try train(run, device: "cuda").run())
  }
  /// A run on the GPU in its own precision, made once.
  static func trained() throws -> (run: RunFolder, result: Job.Result) { try bf16.get() }

  private static let cpu = Result {
    let run = try RunFolder("cpu")
    return (run: run, result: try train(run, device: "cpu").run())
  }
  /// The same on CPUs in theirs.
  static func trainedOnCPUs() throws -> (run: RunFolder, result: Job.Result) { try cpu.get() }

  static func losses(_ run: RunFolder) throws -> [Double] {
    try run.bytes("metrics.jsonl").split(separator: 0x0A).map { line in
      let fields = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
      return try #require(fields["loss"] as? Double)
    }
  }

  static func state(_ run: RunFolder) throws -> [String: Any] {
    let path = "checkpoints/\(RunFolder.checkpoint(stepCount))/state.json"
    return try #require(try JSONSerialization.jsonObject(with: run.bytes(path)) as? [String: Any])
  }

  /// The greatest relative difference of two curves.
  static func distance(_ x: [Double], _ y: [Double]) -> Double {
    x.count == y.count ? zip(x, y).map { abs($0 - $1) / abs($1) }.max() ?? .infinity : .infinity
  }
}

extension EndToEnd {
  @Suite struct GPUTests {
    @Test func aRunFollowsThatOnCPUs() throws {
      let (gpu, result) = try GPURun.trained()
      #expect(result.status == 0 && result.survivors.isEmpty, "\(result.text)")
      #expect(result.lineCount("cuda: GPU 0") == 1, "\(result.text)")
      #expect(result.lineCount("ranks 0, 1 share GPU 0") == 1, "\(result.text)")
      let state = try GPURun.state(gpu)
      #expect(state["precision"] as? String == "bf16" && state["device"] as? String == "cuda")
      let (cpu, reference) = try GPURun.trainedOnCPUs()
      #expect(reference.status == 0, "\(reference.text)")
      #expect(try GPURun.distance(GPURun.losses(gpu), GPURun.losses(cpu)) < 0.02)
      #expect(try GPURun.state(cpu)["precision"] as? String == "float32")
    }

    /// Everything differently at once that leaves the numbers alone: float32, parts, blocks computed again, graphs.
    @Test func inFloat32TheLossesAreThoseOfCPUs() throws {
      let run = try RunFolder("gpu-float32")
      let result = try GPURun.train(
        run, device: "cuda:0",
        [
          "--precision", "float32", "--recompute", "--set", "compute.encoder_parts=2", "--cuda-graphs", "on",
          "--overlap", "on",
        ]
      ).run()
      #expect(result.status == 0, "\(result.text)")
      #expect(try GPURun.distance(GPURun.losses(run), GPURun.losses(GPURun.trainedOnCPUs().run)) < 1e-4)
    }

    @Test func theSameRunTwiceGivesTheSameBits() throws {
      let (first, _) = try GPURun.trained()
      let again = try RunFolder("gpu-again")
      let result = try GPURun.train(again, device: "cuda").run()
      #expect(result.status == 0, "\(result.text)")
      for file in ["model.safetensors", "optimizer.safetensors"] {
        let path = "checkpoints/\(RunFolder.checkpoint(GPURun.stepCount))/\(file)"
        let isSame = try first.bytes(path) == again.bytes(path)
        #expect(isSame, "\(file) differs")
      }
      #expect(try GPURun.losses(first) == GPURun.losses(again))
    }

    @Test(arguments: [("cuda", "cpu"), ("cpu", "cuda")]) func aCheckpointGoesOnElsewhere(from: String, to: String)
      throws
    {
      let source = try (from == "cuda" ? GPURun.trained() : GPURun.trainedOnCPUs()).run
      let run = try RunFolder("from-\(from)")
      let checkpoint = "\(source.path)/checkpoints/\(RunFolder.checkpoint(3))"
      let result = try GPURun.train(run, device: to, ["--resume", checkpoint]).run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.lineCount("resumed at step 3") == 1, "\(result.text)")
      #expect(result.lineCount("the checkpoint was made on \(from), this run computes on \(to)") == 1, "\(result.text)")
      #expect(try GPURun.distance(GPURun.losses(run), Array(GPURun.losses(source).dropFirst(3))) < 0.02)
    }

    @Test func anEvaluationFindsWhatCPUsFind() throws {
      let shards = try World.shared().testShards
      let reports = try ["cuda", "cpu"].map { device -> [String: Any] in
        var command = Command(
          "sgmn-eval",
          [
            "--checkpoint", try GPURun.trained().run.path, "--shards", shards, "--device", device, "--precision",
            "float32", "--batch", "3", "--json", "-",
          ], ranks: 2)
        command.variables = try GPURun.environment()
        let result = try command.run()
        #expect(result.status == 0, "\(result.text)")
        return try #require(
          try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8)) as? [String: Any])
      }
      let overall = reports.map { $0["overall"] as? NSDictionary }
      #expect(overall[0] != nil && overall[0] == overall[1])
    }

    @Test(arguments: [[], ["--encode-only"], ["--encoder"], ["--profile"]])
    func allBenchmarksRun(_ mode: [String]) throws {
      let folder = try World.shared().folder
      let mode = mode == ["--profile"] ? mode + ["\(folder)/trace-\(UUID().uuidString).json"] : mode
      var command = Command(
        "sgmn-train",
        ["bench", "--device", "cuda", "--layers", "1", "--pairs", "2", "--steps", "2"] + mode + BenchmarkTests.tiny)
      command.variables = try GPURun.environment()
      let result = try command.run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.standardOutput.contains(" dtype=bf16"), "\(result.text)")
      #expect(mode == ["--encoder"] || result.standardOutput.contains(" device_gib="), "\(result.text)")
    }

    /// Our kernels against PyTorch: every loss, output and gradient of all fixtures.
    @Test func theModelAgreesWithTheReference() throws {
      let folder = (#filePath as NSString).deletingLastPathComponent + "/../ParityTests/Fixtures"
      let all = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".safetensors") }
      #expect(all.count == 20)
      // One gradient of no-text, 5e-7 of all in length, is what is left of terms that cancel: it moves by 1.7e-4 where
      // weights move by one rounding, on CPUs too.
      let inFloat32 = all.filter { $0 != "no-text.safetensors" }
      let inBF16 = ["gra-alone", "no-gci", "no-graphs", "two-pairs"].map { "\($0).safetensors" }
      for (precision, files) in [("float64", all), ("float32", inFloat32), ("bf16", inBF16)] {
        var command = Command(
          "sgmn-parity",
          ["--device", "cuda", "--precision", precision, "--quiet"] + files.sorted().map { "\(folder)/\($0)" })
        command.variables = try GPURun.environment()
        let result = try command.run()
        #expect(result.status == 0, "\(result.text)")
        #expect(result.standardOutput.split(separator: "\n").count { $0.contains(": agrees;") } == files.count)
      }
    }
  }
}

extension EndToEnd {
  @Suite struct GPUFailureTests {
    @Test func withoutLibrariesADemandedGPUIsMissed() throws {
      let run = try RunFolder("no-gpu")
      let result = try GPURun.train(run, device: "cuda", variables: ["SGMN_CUDA_LIBRARIES": "/nowhere"]).run()
      #expect(result.status == 69 && result.survivors.isEmpty, "\(result.text)")
      #expect(result.lineCount("No libcuda.so.1") == 1, "\(result.text)")
      #expect(result.lineCount("Rank 0 on ") == 1, "\(result.text)")
      let parity = try Command("sgmn-parity", ["--device", "cuda", "x.safetensors"]).run()
      #expect(parity.status == 69 && parity.text.contains("No libcuda.so.1"), "\(parity.text)")
    }

    @Test func withoutLibrariesAutoComputesOnCPUsAndSaysSoOnce() throws {
      let run = try RunFolder("auto")
      let result = try GPURun.train(run, device: "auto", variables: ["SGMN_CUDA_LIBRARIES": "/nowhere"]).run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.lineCount("on the CPU, for there is no GPU: No libcuda.so.1") == 1, "\(result.text)")
      #expect(try GPURun.losses(run) == GPURun.losses(GPURun.trainedOnCPUs().run))
    }

    @Test func autoTakesTheGPUThatIsThere() throws {
      let run = try RunFolder("auto-gpu")
      var command = try GPURun.train(run, device: "auto")
      command.arguments += ["--set", "schedule.steps=1"]
      let result = try command.run()
      #expect(result.status == 0 && result.lineCount("cuda: GPU 0") == 1, "\(result.text)")
    }

    @Test func aCardThatDoesNotExistIsMissed() throws {
      let result = try GPURun.train(RunFolder("no-card"), device: "cuda:7").run()
      #expect(result.status == 69 && result.text.contains("No GPU 7"), "\(result.text)")
    }

    @Test func memoryThatRunsOutNamesWhatHelps() throws {
      let result = try GPURun.train(
        RunFolder("no-memory"), device: "cuda", variables: ["SGMN_EMULATOR_MEMORY": "\(32 << 20)"]
      ).run()
      #expect(result.status == 78 && result.survivors.isEmpty, "\(result.text)")
      #expect(
        result.text.contains("Out of GPU memory") && result.text.contains("compute.encoder_parts"), "\(result.text)")
    }

    @Test func aKernelThatFailsEndsAllRanks() throws {
      let run = try RunFolder("failing")
      let result = try GPURun.train(run, device: "cuda", variables: ["SGMN_EMULATOR_FAIL": "adamw_f32"]).run()
      #expect(result.status == 70 && result.survivors.isEmpty, "\(result.text)")
      #expect(result.text.contains("The GPU failed") && run.checkpoints.isEmpty, "\(result.text)")
    }
  }
}
