import DataLoading
import Testing

@Suite struct ClipSamplingTests {
  @Test func evenFramesAreTruncatedLinspace() {
    #expect(ClipSampling.evenFrames(of: 5, limit: 10) == [0, 1, 2, 3, 4])
    #expect(ClipSampling.evenFrames(of: 10, limit: 4) == [0, 3, 6, 9])
    #expect(ClipSampling.evenFrames(of: 12, limit: 10) == [0, 1, 2, 3, 4, 6, 7, 8, 9, 11])
    #expect(ClipSampling.evenFrames(of: 9, limit: 1) == [0])
    #expect(ClipSampling.evenFrames(of: 0, limit: 3) == [])
    for count in 1..<200 {
      for limit in 2..<20 {
        let frames = ClipSampling.evenFrames(of: count, limit: limit)
        #expect(frames.count == min(count, limit))
        #expect(frames.first == 0 && frames.last == count - 1)
        #expect(zip(frames, frames.dropFirst()).allSatisfy { $0 < $1 })
      }
    }
  }

  @Test func halfOfTheClipsLoseAUniformShare() {
    let count = 20_000
    var kept = [Int](repeating: 0, count: 101)
    for position in 0..<count {
      kept[ClipSampling.keptFrameCount(of: 100, probability: 0.5, seed: 1, epoch: 0, position: position)] += 1
    }
    // 100 frames: half untouched and a tenth of the other half that loses nothing; 10, 20 … 90 kept by 5 % each.
    #expect(abs(Double(kept[100]) / Double(count) - 0.55) < 0.015)
    for tenths in 1...9 { #expect(abs(Double(kept[10 * tenths]) / Double(count) - 0.05) < 0.007) }
    #expect(stride(from: 10, through: 100, by: 10).reduce(0) { $0 + kept[$1] } == count)
  }

  @Test func atLeastOneFrameStaysAndZeroTurnsItOff() {
    for frames in 1..<15 {
      for position in 0..<200 {
        let kept = ClipSampling.keptFrameCount(of: frames, probability: 1, seed: 2, epoch: 1, position: position)
        #expect((1...frames).contains(kept))
        #expect(
          ClipSampling.keptFrameCount(of: frames, probability: 0, seed: 2, epoch: 1, position: position) == frames)
      }
    }
    #expect(ClipSampling.keptFrameCount(of: 0, probability: 1, seed: 2, epoch: 1, position: 0) == 0)
  }

  @Test func everyEpochCutsDifferently() {
    func cuts(_ epoch: Int) -> [Int] {
      (0..<100).map { ClipSampling.keptFrameCount(of: 10, probability: 0.5, seed: 1, epoch: epoch, position: $0) }
    }
    #expect(cuts(0) == cuts(0))
    #expect(cuts(0) != cuts(1))
  }
}
