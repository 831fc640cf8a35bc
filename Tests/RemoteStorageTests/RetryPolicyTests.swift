import Randomness
import Testing

@testable import RemoteStorage

@Suite struct RetryPolicyTests {
  @Test func waitsDoubleUpToTheLongest() {
    let policy = RetryPolicy()
    for seed in 0..<20 {
      var random = RandomStream(seed: UInt64(seed), "test")
      let seconds = (1...12).map { policy.seconds(afterTry: $0, asked: nil, random: &random) }
      for (index, second) in seconds.enumerated() {
        let full = min(15, 0.25 * Double(1 << index))
        #expect(second >= full / 2 && second <= full)
      }
    }
  }

  @Test func theServerMayAskForMoreUpToABound() {
    let policy = RetryPolicy()
    var random = RandomStream(seed: 1, "test")
    #expect(policy.seconds(afterTry: 1, asked: 7, random: &random) == 7)
    #expect(policy.seconds(afterTry: 1, asked: 86_400, random: &random) == 60)
    #expect(policy.seconds(afterTry: 9, asked: 1, random: &random) >= 7.5)
    #expect(policy.seconds(afterTry: .max, asked: nil, random: &random) <= 15)
  }
}
