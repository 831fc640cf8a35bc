import Collectives
import Faults
import Testing

@testable import Training

@Suite struct StepAgreementTests {
  private let orders = StepOrders(
    goesOn: true, learningRate: 1e-3, saves: true, evaluates: false, comparesRanks: false, reportsWaiting: false)

  private func rank(_ step: Int, isOver: Bool = false, isStopRequested: Bool = false) -> StepAgreement {
    StepAgreement(step: step, isOver: isOver, isStopRequested: isStopRequested, orders: orders)
  }

  @Test func allGoOnOrEndTogether() {
    #expect(StepAgreement.fault([rank(4), rank(4), rank(4)]) == nil)
    #expect(StepAgreement.orders([rank(4), rank(4)]) == orders)
    #expect(StepAgreement.fault([rank(9, isOver: true), rank(9, isOver: true)]) == nil)
    #expect(StepAgreement.orders([rank(9, isOver: true), rank(9, isOver: true)]) == nil)
  }

  @Test func aRequestToAnyRankStopsAll() {
    let answer = StepAgreement.orders([rank(4), rank(4), rank(4, isStopRequested: true)])
    #expect(answer?.goesOn == false)
  }

  /// At the end there is nothing to stop.
  @Test func aRequestAfterTheLastStepChangesNothing() {
    #expect(StepAgreement.orders([rank(9, isOver: true), rank(9, isOver: true, isStopRequested: true)]) == nil)
  }

  @Test func aRankThatLeavesEarlyIsNamed() {
    let fault = StepAgreement.fault([rank(4), rank(4, isOver: true), rank(4)])
    #expect(fault?.code == .internalError)
    #expect(fault?.what.contains("rank 1 at the end after step 4, the others before step 5") == true)
  }

  @Test func ranksAtOtherStepsAreNamed() {
    let fault = StepAgreement.fault([rank(4), rank(5), rank(4), rank(3)])
    #expect(fault?.what.contains("rank 1 before step 6, rank 3 before step 4, the others") == true)
    #expect(StepAgreement.fault([rank(4), rank(5)])?.what.contains("rank 1 before step 6") == true)
  }
}

@Suite struct MajorityTests {
  @Test func theMostCountAndInDoubtRankZero() {
    #expect(Majority.value(of: [7, 9, 9]) == 9)
    #expect(Majority.value(of: [7, 9]) == 7)
    #expect(Majority.value(of: [9, 7, 7, 9, 5]) == 9)
    #expect(Majority.value(of: [Int]()) == nil)
  }
}
