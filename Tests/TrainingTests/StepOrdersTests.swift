import Collectives
import Testing

@testable import Training

@Suite struct StepOrdersTests {
  @Test func ordersSurviveTheirJourney() throws {
    for bits in 0..<32 {
      let orders = StepOrders(
        goesOn: bits & 1 != 0, learningRate: 3e-4 * Double(bits), saves: bits & 2 != 0, evaluates: bits & 4 != 0,
        comparesRanks: bits & 8 != 0, reportsWaiting: bits & 16 != 0)
      #expect(StepOrders(words: orders.words[...]) == orders)
      let agreement = StepAgreement(step: 1 << 40, isOver: false, isStopRequested: false, orders: orders)
      #expect(try agreement.agreedOrders(over: SoloCommunicator()) == orders)
    }
  }

  @Test func aPlanSavesAtItsIntervalAndAtTheEnd() {
    let plan = StepPlan(
      stepCount: 10, checkpointInterval: 4, evaluationInterval: 0, evaluates: true, comparisonInterval: 3)
    #expect((0..<10).filter { plan.saves(after: $0) } == [3, 7, 9])
    #expect((0..<10).filter { plan.evaluates(after: $0) } == [9])
    #expect((0..<10).filter { plan.comparesRanks(after: $0) } == [2, 3, 5, 7, 8, 9])
    let never = StepPlan(
      stepCount: 10, checkpointInterval: 4, evaluationInterval: 0, evaluates: true, comparisonInterval: 0)
    #expect(!(0..<10).contains { never.comparesRanks(after: $0) })
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
