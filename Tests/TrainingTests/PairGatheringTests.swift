import ProbeJobs
import Testing

/// `negatives: global` on real ranks under a real `mpirun`, against one process with the whole batch.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PairGatheringTests {
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

  private func cases(ranks: Int) throws -> [Case] {
    // A rank's two threads and other tests share the cores: who waits makes room.
    let result = try ProbeJob(
      "training-probe", ranks: ranks, ["negatives"], seconds: 100,
      environment: ["OPENBLAS_NUM_THREADS": "1", "OMPI_MCA_mpi_yield_when_idle": "1"]
    ).finish()
    #expect(result.status == 0, "\(result.output)")
    return result.output.split(separator: "\n").compactMap { Case($0) }
  }

  /// Losses and averaged gradients, of every way of mining, with and without the matcher, in both formats; summed all at once, and
  /// bucket by bucket during the backward pass as in a run.
  @Test(arguments: [1, 2, 4]) func ranksTogetherComputeWhatOneProcessDoes(rankCount: Int) throws {
    let cases = try cases(ranks: rankCount)
    let global = cases.filter { $0.words.last == "global" }
    #expect(global.count == 17 && global.count { $0.words.contains("overlap") } == 1)
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
}
