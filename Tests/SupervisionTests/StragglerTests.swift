import Randomness
import Testing

@testable import Supervision

@Suite struct StragglerTests {
  private let parts = [StepPart("data"), StepPart("forward")]

  private func paces(_ seconds: [Double], step: Double = 0.4) -> [RankPace] {
    seconds.map { RankPace(seconds: [0.001, $0], stepSeconds: step) }
  }

  private func slow(_ paces: [RankPace], factor: Double = 1.5) -> [Int] {
    StragglerDecision.stragglers(paces, parts: parts, factor: factor).map(\.rank)
  }

  @Test func whoTakesLongerThanTheOthersIsSlow() throws {
    let found = StragglerDecision.stragglers(paces([0.1, 0.1, 0.31, 0.12]), parts: parts, factor: 1.5)
    #expect(found == [Straggler(rank: 2, part: 1, seconds: 0.31, othersSeconds: 0.1)])
    #expect(slow(paces([0.3, 0.1])) == [0])
    #expect(slow(paces([0.1, 0.149])) == [])
    #expect(slow(paces([0.1, 0.1])) == [])
    #expect(slow(paces([0.3])) == [])
    #expect(slow(paces([0.3, 0.1]), factor: 0) == [])
  }

  @Test func whatIsNotWorthTellingIsNotTold() {
    #expect(slow(paces([0.001, 0.010], step: 0.02)) == [])  // 9 ms
    #expect(slow(paces([0.010, 0.030], step: 1)) == [])  // a fiftieth of a step
    #expect(slow(paces([0.010, 0.030], step: 0.1)) == [1])
  }

  @Test func aWaitForAProcessorMustBeLong() {
    func slow(_ seconds: Double, step: Double) -> Bool {
      let paces = [0, seconds].map { RankPace(seconds: [$0], stepSeconds: step) }
      return !StragglerDecision.stragglers(paces, parts: [.processor], factor: 1.5).isEmpty
    }
    #expect(!slow(0.19, step: 0.3))
    #expect(slow(0.21, step: 0.3))
    #expect(!slow(0.21, step: 1))
    #expect(slow(0.3, step: 1))
  }

  @Test func aWindowGivesMedians() {
    var window = PaceWindow()
    for step in 1...9 { #expect(window.note([Double(step), 1], stepSeconds: 3) == nil) }
    let pace = RankPace(seconds: [5.5, 1], stepSeconds: 3)
    #expect(window.note([1_000, 1], stepSeconds: 3) == pace)
    #expect(RankPace(pace.bytes, partCount: 2) == pace)
    #expect(RankPace(pace.bytes, partCount: 1) == nil)
    #expect(window.note([1, 1], stepSeconds: 3) == nil)
  }

  @Test func oneWindowIsAccidentTwoAreNot() {
    var watch = StragglerWatch(factor: 1.5, parts: parts, hosts: ["north", "south"])
    let (slow, even) = (paces([0.1, 0.31]), paces([0.1, 0.1]))
    #expect(watch.lines(slow, at: 0) == [])
    #expect(watch.lines(even, at: 1) == [])
    #expect(watch.lines(slow, at: 2) == [])
    #expect(
      watch.lines(slow, at: 3)
        == ["rank 1 on south is 3.1 × slower than the others in forward (310 ms against 100 ms a step)"])
    #expect(watch.lines(slow, at: 62) == [])
    #expect(watch.lines(slow, at: 64).count == 1)
  }

  @Test func anotherRankOrPartIsToldAtOnce() {
    var watch = StragglerWatch(factor: 1.5, parts: parts, hosts: ["north", "south"])
    _ = watch.lines(paces([0.1, 0.3]), at: 0)
    #expect(watch.lines(paces([0.1, 0.3]), at: 1).count == 1)
    #expect(watch.lines(paces([0.3, 0.1]), at: 2) == [])
    #expect(watch.lines(paces([0.3, 0.1]), at: 3).count == 1)
    let infinite = [0, 0.2].map { RankPace(seconds: [$0, 0.1], stepSeconds: 0.4) }
    _ = watch.lines(infinite, at: 4)
    #expect(
      watch.lines(infinite, at: 5)
        == ["rank 1 on south is more than 1,000 × slower than the others in data (200 ms against 0 ms a step)"])
  }

  /// Steps of which every tenth takes up to ten times as long, on any rank.
  @Test func noiseIsNoStraggler() {
    var random = RandomStream(seed: 1, "noise")
    var watch = StragglerWatch(factor: 1.5, parts: [StepPart("forward")], hosts: (0..<8).map { "host\($0)" })
    var windows = (0..<8).map { _ in PaceWindow() }
    for step in 0..<10_000 {
      let paces = windows.indices.compactMap { rank in
        windows[rank].note([random.uniform() < 0.1 ? random.uniform(0.1, 1) : 0.1], stepSeconds: 0.5)
      }
      if !paces.isEmpty { #expect(watch.lines(paces, at: Double(step)) == []) }
    }
  }
}
