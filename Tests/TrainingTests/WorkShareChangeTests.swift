import Testing

@testable import Training

@Suite struct WorkShareChangeTests {
  private func state(ranks: Int, threads: Int?, virtualRanks: Int = 0) -> RunState {
    var configuration = RunConfiguration()
    configuration.compute.virtualRanks = virtualRanks
    var state = RunState(
      step: 3, epoch: 0, positionInEpoch: 0, rankCount: ranks, shardsFingerprint: "f", pairCount: 9,
      configuration: configuration)
    state.threadCount = threads
    return state
  }

  @Test func theSameShareSaysNothing() {
    for virtualRanks in [0, 8] {
      let change = WorkShareChange(
        from: state(ranks: 2, threads: 1, virtualRanks: virtualRanks),
        to: state(ranks: 2, threads: 1, virtualRanks: virtualRanks))
      #expect(change.notice == nil && change.warnings.isEmpty)
    }
  }

  @Test func otherRanksComputeOtherLosses() {
    let change = WorkShareChange(from: state(ranks: 2, threads: 1), to: state(ranks: 4, threads: 2))
    #expect(change.notice == nil)
    #expect(
      change.warnings == [
        "the checkpoint was made by 2 ranks, this run has 4: the samples of a step are the same, but with local negatives "
          + "the losses are not"
      ])
  }

  @Test func withVirtualRanksTheyComputeTheSame() {
    let change = WorkShareChange(
      from: state(ranks: 8, threads: 1, virtualRanks: 8), to: state(ranks: 2, threads: 1, virtualRanks: 8))
    #expect(
      change.notice
        == "the checkpoint was made by 8 ranks, this run has 2: with 8 virtual ranks the numbers are the same, "
        + "bit for bit")
    #expect(change.warnings.isEmpty)
  }

  @Test func otherThreadsAreToldWhereBitsArePromised() {
    let warning =
      "the checkpoint was made with 1 thread(s) a rank, this run has 4: the last digits of matrix products may differ from "
      + "here on; --threads 1 keeps them"
    let same = WorkShareChange(from: state(ranks: 2, threads: 1), to: state(ranks: 2, threads: 4))
    #expect(same.notice == nil && same.warnings == [warning])
    let other = WorkShareChange(
      from: state(ranks: 8, threads: 1, virtualRanks: 8), to: state(ranks: 2, threads: 4, virtualRanks: 8))
    #expect(other.warnings == [warning])
    #expect(other.notice?.hasSuffix("the samples and negatives of a step are the same") == true)
    // A GPU has no threads, and old checkpoints do not say.
    #expect(WorkShareChange(from: state(ranks: 2, threads: nil), to: state(ranks: 2, threads: 4)).warnings.isEmpty)
  }
}
