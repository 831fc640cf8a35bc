import Foundation
import Testing

@testable import Training

@Suite struct TimeBudgetTests {
  /// 2 GB at 200 MB a second are 10 s.
  private func budget() -> TimeBudget { TimeBudget(deadline: 1000, checkpointByteCount: 2_000_000_000) }

  @Test func aSaveMustFitBeforeAnythingIsMeasured() {
    #expect(!budget().isSpent(at: 984.9, evaluates: false))
    #expect(budget().isSpent(at: 985.1, evaluates: false))
    #expect(budget().isSpent(at: 2000, evaluates: false))
  }

  @Test func theLongestOfTheLastStepsCounts() {
    var budget = budget()
    #expect(!budget.hasSteps)
    budget.addStep(seconds: 20)
    budget.addStep(seconds: 2)
    #expect(budget.hasSteps)
    #expect(!budget.isSpent(at: 1000 - 45.1, evaluates: false))
    #expect(budget.isSpent(at: 1000 - 44.9, evaluates: false))
    for _ in 0..<19 { budget.addStep(seconds: 2) }
    #expect(!budget.isSpent(at: 1000 - 18.1, evaluates: false))
    #expect(budget.isSpent(at: 1000 - 17.9, evaluates: false))
  }

  @Test func aSlowDiskCountsAndAFastOneIsNotTrusted() {
    var budget = budget()
    budget.addSave(seconds: 100)
    #expect(budget.isSpent(at: 1000 - 149, evaluates: false))
    #expect(!budget.isSpent(at: 1000 - 151, evaluates: false))
    budget.addSave(seconds: 0.1)
    #expect(!budget.isSpent(at: 1000 - 16, evaluates: false))
    #expect(budget.isSpent(at: 1000 - 14, evaluates: false))
  }

  @Test func aSaveThatIsUnderWayComesFirst() {
    #expect(!budget().isSpent(at: 1000 - 30.1, evaluates: false, isSaving: true))
    #expect(budget().isSpent(at: 1000 - 29.9, evaluates: false, isSaving: true))
  }

  @Test func aSaveMustBeginInTime() {
    var budget = budget()
    budget.addStep(seconds: 20)
    #expect(budget.secondsToSave(at: 900) == 85)
    #expect(budget.secondsToSave(at: 900, isSaving: true) == 70)
    #expect(budget.secondsToSave(at: 990) == -5)
  }

  @Test func anEvaluationCountsWhereOneComes() {
    var budget = budget()
    budget.addEvaluation(seconds: 30)
    budget.addEvaluation(seconds: 10)
    #expect(!budget.isSpent(at: 1000 - 16, evaluates: false))
    #expect(budget.isSpent(at: 1000 - 59, evaluates: true))
    #expect(!budget.isSpent(at: 1000 - 61, evaluates: true))
  }
}

@Suite struct TimeSpanTests {
  @Test(arguments: [
    ("3h50m", 13_800), ("90m", 5_400), ("5400", 5_400), ("45s", 45), ("1d", 86_400), ("1d2h3m4s", 93_784),
    ("2h5s", 7_205),
  ]) func aTimeIsRead(text: String, seconds: Int) {
    #expect(TimeSpan(text)?.seconds == seconds)
  }

  @Test(arguments: [
    "", "0", "0m", "-5", "+5", "h", "5x", "3m2h", "3h3h", "3h50", "1.5h", " 5", "5 ", "5m ", "9999999999", "٣m", "1e3",
  ]) func whatIsNoTimeIsRefused(text: String) {
    #expect(TimeSpan(text) == nil)
  }
}

@Suite struct ProcessAgeTests {
  @Test func theNameMayHoldAnything() {
    let rest = (3...52).map(String.init).joined(separator: " ")
    #expect(ProcessAge.startTicks("17 (a) b ) c) \(rest)\n") == 22)
    #expect(ProcessAge.startTicks("17 (a) R 1") == nil)
    #expect(ProcessAge.startTicks("") == nil)
  }

  @Test func thisProcessGrowsOlder() {
    let before = ProcessAge.seconds()
    usleep(50_000)
    #expect(ProcessAge.seconds() - before >= 0.04)
  }
}
