import TensorCore
import Testing

@testable import SGMNModel

@Suite struct FrameScoresTests {
  @Test func areUnitOverValidFramesAndRanked() {
    // One axis: the score of frame f and image g is f·g, negative ones a tenth.
    let frames = tensor([3, -40, 99, 5, 0, 7], [2, 3, 1])
    let images = tensor([1, -1], [2, 1])
    let scores = FrameScores(frames: frames, images: images, mask: [true, true, false, true, false, false])
    // Clip 0: image 0 gives (3, −4)/5, image 1 gives (−0.3, 40)/length; clip 1 has one frame: ±1.
    let length = (0.09 + 1600).squareRoot()
    let mean = [(0.6 - 0.8) / 2, (40 - 0.3) / length / 2, 1, -1]
    let ranked = [0.6, -0.8, 0, 40 / length, -0.3 / length, 0, 1, 0, 0, -1, 0, 0]
    #expect(distance(scores.mean.doubles(), mean) < 1e-12)
    #expect(distance(scores.ranked.doubles(), ranked) < 1e-12)
  }
}
