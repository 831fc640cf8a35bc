import Collectives
import Testing

@testable import Training

@Suite struct StepOrdersTests {
  @Test func ordersSurviveTheBroadcast() throws {
    for bits in 0..<32 {
      let orders = StepOrders(
        goesOn: bits & 1 != 0, learningRate: 3e-4 * Double(bits), saves: bits & 2 != 0, evaluates: bits & 4 != 0,
        comparesRanks: bits & 8 != 0, reportsWaiting: bits & 16 != 0)
      #expect(try StepOrders.agreed(orders, over: SoloCommunicator()) == orders)
    }
  }

  @Test func aPlanSavesAtItsIntervalAndAtTheEnd() {
    let plan = StepPlan(
      stepCount: 10, checkpointInterval: 4, evaluationInterval: 0, evaluates: true, comparisonInterval: 3)
    #expect((0..<10).filter { plan.saves(after: $0) } == [3, 7, 9])
    #expect((0..<10).filter { plan.evaluates(after: $0) } == [9])
    #expect((0..<10).filter { plan.comparesRanks(after: $0) } == [2, 5, 8, 9])
  }
}

@Suite struct RankComparisonTests {
  @Test func theRankThatDiffersIsNamed() {
    #expect(RankComparison.fault(of: [7, 7, 7], step: 1) == nil)
    let fault = RankComparison.fault(of: [7, 7, 9, 7], step: 5)
    #expect(fault?.code == .ranksDiverged)
    #expect(fault?.what.contains("rank 2 ") == true)
    #expect(RankComparison.fault(of: [7, 9], step: 5)?.what.contains("rank 1 ") == true)
  }
}
