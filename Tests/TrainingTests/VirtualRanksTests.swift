import Faults
import GradientAveraging
import Randomness
import Testing

@testable import Training

@Suite struct VirtualRanksTests {
  @Test func ranksShareThemInTheirOrder() throws {
    for rankCount in [1, 2, 4, 8] {
      let ranks = try VirtualRanks(8, rankCount: rankCount)
      #expect(ranks.count == 8 && ranks.perRank == 8 / rankCount)
      #expect(ranks.order == .tree(perRank: 8 / rankCount))
      #expect((0..<rankCount).flatMap { ranks.ofRank($0).map { $0 } } == Array(0..<8))
    }
  }

  @Test(arguments: [1, 3, 6]) func withoutThemEveryRankHasOnePart(rankCount: Int) throws {
    let ranks = try VirtualRanks(0, rankCount: rankCount)
    #expect(ranks.count == rankCount && ranks.perRank == 1 && ranks.order == .ofRanks)
    #expect(ranks.ofRank(rankCount - 1) == (rankCount - 1)..<rankCount)
  }

  @Test(arguments: [(8, 3), (8, 16), (1, 2), (4, 6)]) func ranksThatCannotShareThemAreRefused(
    count: Int, rankCount: Int
  ) throws {
    let fault = try #require(
      #expect(throws: Fault.self) { _ = try VirtualRanks(count, rankCount: rankCount) })
    #expect(fault.code == .usage)
    #expect(fault.what.hasPrefix("\(rankCount) ranks cannot share \(count) virtual ranks"))
    let choices = [8: "Start 1, 2, 4 or 8 ranks", 4: "Start 1, 2 or 4 ranks", 1: "Start 1 ranks"]
    #expect(fault.remedy?.hasPrefix(choices[count]!) == true, "\(fault)")
  }

  @Test(arguments: [
    (["compute.virtual_ranks=3"], "compute.virtual_ranks: 3 is neither 0 nor a power of two"),
    (["compute.virtual_ranks=-2"], "compute.virtual_ranks: -2 is neither 0 nor a power of two"),
    (
      ["compute.virtual_ranks=16", "data.global_batch=24"],
      "compute.virtual_ranks: 16 does not divide data.global_batch, which is 24"
    ),
    (["compute.virtual_ranks=4", "compute.wire=bf16"], "compute.wire: bf16 does not go with compute.virtual_ranks"),
    (
      ["compute.virtual_ranks=4", "model.negatives=global"],
      "model.negatives: global does not go with compute.virtual_ranks"
    ),
  ]) func whatDoesNotGoWithThemIsRefused(settings: [String], what: String) throws {
    let fault = try #require(
      #expect(throws: Fault.self) { _ = try ConfigurationFile.load(path: nil, settings: settings) })
    #expect(fault.code == .configuration)
    #expect(fault.what.hasPrefix(what), "\(fault)")
  }

  @Test func theyDecideTheNumbersOfARun() throws {
    var (old, new) = (RunConfiguration(), RunConfiguration())
    (old.compute.virtualRanks, new.compute.virtualRanks) = (8, 4)
    #expect(
      try ConfigurationDifference.lines(checkpoint: old, now: new) == ["compute.virtual_ranks: checkpoint=8 now=4"])
  }

  /// Rows spread over any number of ranks have one mean, to the bit.
  @Test func meansDoNotDependOnTheNumberOfRanks() {
    var random = RandomStream(seed: 3, "rows")
    let rows = (0..<8).map { row in (0..<5).map { _ in random.normal() * Double(1 << (3 * row)) } }
    let whole = TreeMean.of(rows)
    for rankCount in [2, 4, 8] {
      let perRank = 8 / rankCount
      let ranks = (0..<rankCount).map { TreeMean.of(Array(rows[($0 * perRank)..<(($0 + 1) * perRank)])) }
      #expect(TreeMean.of(ranks).map(\.bitPattern) == whole.map(\.bitPattern))
    }
    #expect(TreeMean.of([[1, 2], [3, 4], [5, 9]]) == [3, 5])
    #expect(!TreeMean.of([[1], [.nan], [2]])[0].isFinite)
  }
}
