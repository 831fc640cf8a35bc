import NeuralNetworks
import TensorCore
import Testing

@testable import SGMNModel

@Suite struct DifferenceMaskTests {
  /// Clips of three, two and one valid frames: f0 d0 f1 d1 f2.
  @Test(arguments: [
    (ModelConfiguration.Padding.standard, "TTTTT TTTFF TFFFF"), (.release, "TTTTT TTTTF TTFFF"),
  ])
  func isTheTableOfTheDocument(padding: ModelConfiguration.Padding, interleaved: String) {
    let mask = DifferenceMask(
      [true, true, true, true, true, false, true, false, false], clips: 3, frames: 3, padding: padding)
    #expect(mask.interleaved == interleaved.filter { $0 != " " }.map { $0 == "T" })
    // A clip of one frame has no difference to attend to; it gets all, so that its softmax exists.
    #expect(mask.attended == [true, true, true, false, true, true])
  }
}

@Suite struct KeyBiasTests {
  @Test(arguments: [(DType.float32, DType.float32), (.float64, .float64), (.bfloat16, .float32)])
  func hasTheFormatOfScores(rows: DType, scores: DType) {
    let like = Tensor(uninitialized: [2, 2, 8], dtype: rows, backend: cpu)
    let bias = keyBias([true, false, true, true], 2, like: like)
    #expect(bias.dtype == scores && bias.shape == [2, 1, 2])
    #expect(bias.floats() == [0, -.infinity, 0, 0])
  }
}

@Suite struct TemporalMotionCompensationTests {
  private let c = ModelConfiguration.tiny
  private let width = 8

  private func rows(_ x: Tensor, _ range: Range<Int>) -> [Double] {
    Array(x.doubles()[(range.lowerBound * width)..<(range.upperBound * width)])
  }

  private func compensation(_ padding: ModelConfiguration.Padding = .standard) -> (
    TemporalMotionCompensation, ParameterArena
  ) {
    let tmc = TemporalMotionCompensation(c.with { $0.padding = padding })
    return (tmc, bind(tmc))
  }

  @Test(arguments: [1, 2]) func paddedFramesHaveNoInfluence(valid: Int) {
    let (tmc, arena) = compensation()
    let own = normals(valid * width, seed: 3)
    let mask = (0..<3).map { $0 < valid }
    let outputs = [UInt64(4), 5].map { seed in
      rows(tmc(tensor(own + normals((3 - valid) * width, seed: seed), [1, 3, width]), mask: mask), 0..<valid)
    }
    let alone = tmc(tensor(own, [1, valid, width]), mask: [Bool](repeating: true, count: valid)).doubles()
    #expect(distance(outputs[0], outputs[1]) < 1e-12)
    #expect(distance(outputs[0], alone) < 1e-12)
    withExtendedLifetime(arena) {}
  }

  /// The rule of the authors' code: the difference to the first padded frame is seen.
  @Test func underTheReleaseRuleTheFirstPaddedFrameIsSeen() {
    let (tmc, arena) = compensation(.release)
    let own = normals(2 * width, seed: 3)
    let outputs = [UInt64(4), 5].map { seed in
      rows(tmc(tensor(own + normals(width, seed: seed), [1, 3, width]), mask: [true, true, false]), 0..<2)
    }
    #expect(distance(outputs[0], outputs[1]) > 1e-6)
    withExtendedLifetime(arena) {}
  }

  @Test func oneFrameAttendsToItselfAlone() {
    let (tmc, arena) = compensation()
    let x = randomTensor([1, 1, width], seed: 6)
    let input = x.addingSuffix(tmc.position.rows(0..<1)).addingSuffix(tmc.kind.rows(1..<2).reshaped([width]))
    #expect(distance(tmc(x, mask: [true]).doubles(), (x + tmc.temporal(input)).doubles()) < 1e-12)
    withExtendedLifetime(arena) {}
  }

  /// Two frames by hand: f0 d0 f1, each with its position and kind.
  @Test func twoFramesAndTheirDifference() {
    let (tmc, arena) = compensation()
    let values = normals(2 * width, seed: 7)
    let (f0, f1) = (Array(values.prefix(width)), Array(values.suffix(width)))
    let position = (0..<2).map { tmc.position.value.doubles()[($0 * width)..<(($0 + 1) * width)] }
    let kind = (0..<2).map { tmc.kind.value.doubles()[($0 * width)..<(($0 + 1) * width)] }
    let plus = { (a: [Double], b: ArraySlice<Double>) in zip(a, b).map { $0 + $1 } }
    let seen = tmc.norm(tmc.difference(tensor(plus(zip(f1, f0).map { $0 - $1 }, position[1]), [1, 1, width])))
    let motion = seen.sigmoid().doubles().map { 2 * $0 - 1 }
    let sequence =
      plus(plus(f0, position[0]), kind[1]) + plus(plus(motion, position[0]), kind[0])
      + plus(plus(f1, position[1]), kind[1])
    let y = tmc.temporal(tensor(sequence, [1, 3, width])).doubles()
    let expected = zip(values, y.prefix(width) + y.suffix(width)).map { $0 + $1 }
    let output = tmc(tensor(values, [1, 2, width]), mask: [true, true]).doubles()
    #expect(distance(output, expected) < 1e-12)
    withExtendedLifetime(arena) {}
  }

  @Test func clipsOfABatchDoNotSeeEachOther() {
    let (tmc, arena) = compensation()
    let x = randomTensor([2, 3, width], seed: 8)
    let together = tmc(x, mask: [true, true, true, true, true, false])
    let second = tmc(tensor(rows(x, 3..<6), [1, 3, width]), mask: [true, true, false])
    #expect(distance(rows(together, 3..<5), rows(second, 0..<2)) < 1e-12)
    withExtendedLifetime(arena) {}
  }
}
