import Faults
import Foundation
import Optimization
import Testing

@Suite struct LearningRateScheduleTests {
  static let totals = [1, 2, 3, 9, 10, 11, 100, 997]
  static let shares = [0, 0.01, 0.1, 0.5, 1]

  private func schedule(_ warmup: Double, _ final: Double) -> LearningRateSchedule {
    var schedule = LearningRateSchedule()
    schedule.base = 2
    schedule.warmupShare = warmup
    schedule.finalShare = final
    return schedule
  }

  @Test(arguments: totals, shares)
  func upThenDownWithoutJumps(total: Int, warmupShare: Double) {
    for finalShare in [0, 0.25, 1] {
      let rates = (0...total).map { schedule(warmupShare, finalShare).rate(atStep: $0, of: total) }
      let warmup = Int((warmupShare * Double(total)).rounded())
      #expect(rates.dropLast().allSatisfy { $0 > 0 && $0 <= 2 })
      #expect(zip(rates.prefix(warmup), rates.dropFirst()).dropLast(warmup == total ? 1 : 0).allSatisfy { $0 < $1 })
      #expect(zip(rates.dropFirst(warmup), rates.dropFirst(warmup + 1)).allSatisfy { $0 >= $1 })
      #expect(rates[total] == 2 * finalShare)
      if warmup < total {
        #expect(rates[warmup] == 2)
        let steepest = max(1 / Double(warmup + 1), Double.pi / 2 / Double(total - warmup))
        #expect(zip(rates, rates.dropFirst()).allSatisfy { abs($0 - $1) <= 2 * steepest + 1e-12 })
      }
    }
  }

  @Test func knownRates() {
    let ten = schedule(0.2, 0)
    let expected = [2 / 3.0, 4 / 3.0, 2]
    for (step, rate) in expected.enumerated() { #expect(abs(ten.rate(atStep: step, of: 10) - rate) < 1e-15) }
    #expect(abs(ten.rate(atStep: 6, of: 10) - 1) < 1e-15)
    #expect(ten.rate(atStep: 12, of: 10) == 0)
  }

  @Test func keysAndRefusals() throws {
    let text = #"{"base":3e-4,"warmup_share":0.1,"final_share":0}"#
    #expect(try JSONDecoder().decode(LearningRateSchedule.self, from: Data(text.utf8)) == LearningRateSchedule())
    try LearningRateSchedule().validate()
    for wrong in [schedule(-0.1, 0), schedule(0.1, 1.5), schedule(.nan, 0)] {
      #expect(throws: Fault.self) { try wrong.validate() }
    }
    var wrong = LearningRateSchedule()
    wrong.base = .infinity
    #expect(throws: Fault.self) { try wrong.validate() }
  }
}
