import ProbeJobs
import Testing

/// `negatives: global` on real ranks under a real `mpirun`, against one process with the whole batch.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PairGatheringTests {
  /// A case of `training-probe negatives`: its words, the greatest relative error of a loss and of a gradient.
  private struct Case {
    var words: [String]
    var lossError: Double
    var gradientError: Double
    var line: String

    init?(_ line: Substring) {
      let halves = line.split(separator: ":")
      guard halves.count == 2 else { return nil }
      let numbers = halves[1].split(separator: " ").prefix(2).compactMap { Double($0) }
      guard numbers.count == 2 else { return nil }
      words = halves[0].split(separator: " ").map(String.init)
      (lossError, gradientError, self.line) = (numbers[0], numbers[1], String(line))
    }
  }

  private func output(ranks: Int, _ arguments: [String], _ environment: [String: String] = [:]) throws -> String {
    // A rank's two threads and other tests share the cores: who waits makes room.
    let result = try ProbeJob(
      "training-probe", ranks: ranks, arguments, seconds: 100,
      environment: environment.merging(["OPENBLAS_NUM_THREADS": "1", "OMPI_MCA_mpi_yield_when_idle": "1"]) { $1 }
    ).finish()
    #expect(result.status == 0, "\(result.output)")
    return result.output
  }

  private func cases(_ output: String) -> [Case] { output.split(separator: "\n").compactMap { Case($0) } }

  /// Losses and averaged gradients, of every way of mining, with and without the matcher, with all texts and with some, of
  /// stored features and of an encoder that learns, in both formats; summed all at once, and bucket by bucket during the
  /// backward pass as in a run.
  @Test(arguments: [1, 2, 3, 4]) func ranksTogetherComputeWhatOneProcessDoes(rankCount: Int) throws {
    let cases = cases(try output(ranks: rankCount, ["negatives"]))
    let global = cases.filter { $0.words.last == "global" }
    #expect(global.count == 32 && global.count { $0.words.contains("overlap") } == 2)
    #expect(global.count { $0.words.contains("missing") } == 15)
    for found in global {
      let isDouble = found.words.first == "float64"
      #expect(found.lossError < (isDouble ? 1e-10 : 1e-5), "\(found.line)")
      #expect(found.gradientError < (isDouble ? 1e-10 : 1e-5), "\(found.line)")
    }
    // With local negatives the numbers are others, or these comparisons would say nothing.
    let local = cases.filter { $0.words.last == "local" }
    #expect(local.count == 2)
    for found in local where rankCount > 1 {
      #expect(found.lossError > 1e-3 && found.gradientError > 1e-1, "\(found.line)")
    }
  }

  /// The same on an emulated GPU, which all ranks share (gradients through host memory) or each has one of (NCCL). What
  /// runs on it is put off until somebody waits for it, so that a wait that is missing shows.
  @Test(arguments: [2, 3], [false, true]) func ranksOnGPUsComputeWhatOneProcessDoes(
    rankCount: Int, haveTheirOwn: Bool
  ) throws {
    var environment = try EmulatorBuild.environment.get()
    environment["SGMN_EMULATOR_DEVICES"] = "\(haveTheirOwn ? rankCount : 1)"
    environment["SGMN_EMULATOR_DEFER"] = "1"
    let output = try output(ranks: rankCount, ["negatives-cuda", haveTheirOwn ? "nccl" : "auto"], environment)
    let cases = cases(output)
    #expect(cases.count == 7, "\(output)")
    for found in cases where found.words.last == "global" {
      // A gradient that is multiplied by three is rounded to another bfloat16.
      let isRounded = found.words.first == "bfloat16" && rankCount == 3
      #expect(found.lossError < 1e-5 && found.gradientError < (isRounded ? 0.05 : 1e-5), "\(found.line)")
    }
    for found in cases where found.words.last == "local" {
      #expect(found.lossError > 1e-3 && found.gradientError > 1e-1, "\(found.line)")
    }
    let digests = output.split(separator: "\n").filter { $0.hasPrefix("digest ") }.map { $0.split(separator: " ")[2] }
    #expect(digests.count == 2 && digests[0] == digests[1], "\(output)")
  }
}
