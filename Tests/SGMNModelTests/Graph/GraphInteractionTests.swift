import Foundation
import NeuralNetworks
import TensorCore
import Testing

@testable import SGMNModel

/// The graph against one node at a time, whose attention sees its neighbours alone: nothing is masked here.
@Suite struct GraphInteractionTests {
  private let n = 5
  private let frameCount = 3
  private let width = 8
  private let valid = [3, 1, 2, 3, 2]

  private struct Input {
    var image: Tensor
    var clip: Tensor
    var frames: Tensor
    var mask: [Bool]
  }

  private func input(seed: UInt64 = 1) -> Input {
    Input(
      image: randomTensor([n, width], seed: seed).unitRows(),
      clip: randomTensor([n, width], seed: seed + 1).unitRows(),
      frames: randomTensor([n, frameCount, width], seed: seed + 2).unitRows(),
      mask: valid.flatMap { count in (0..<frameCount).map { $0 < count } })
  }

  private func rows(_ x: Tensor) -> [[Double]] {
    let values = x.doubles()
    let width = x.columnCount
    return (0..<x.rowCount).map { Array(values[($0 * width)..<(($0 + 1) * width)]) }
  }

  /// Scores of the valid frames of a clip with an image, to unit length.
  private func frameScores(_ input: Input, clip: Int, image: Int) -> [Double] {
    let (frames, images) = (rows(input.frames), rows(input.image))
    let raw = (0..<valid[clip]).map { dot(frames[clip * frameCount + $0], images[image]) }.map {
      $0 < 0 ? 0.1 * $0 : $0
    }
    let length = dot(raw, raw).squareRoot()
    return raw.map { $0 / length }
  }

  private func mlp(_ part: Relevance, _ scores: [Double]) -> Double {
    let sorted = scores.sorted(by: >) + [Double](repeating: 0, count: frameCount - scores.count)
    let hidden = zip(rows(part.hidden.weight.value), part.hidden.bias.value.doubles()).map {
      max(0, dot($0, sorted) + $1)
    }
    return dot(hidden, part.output.weight.value.doubles()) + part.output.bias.value.item()
  }

  private func separation(_ a: [Double], _ b: [Double]) -> Double { max(2 - 2 * dot(a, b), 1e-6).squareRoot() }

  /// The nodes whose score is at least that of the k-th best.
  private func neighbours(_ scores: [Double], _ ratio: Double) -> [Int] {
    let limit = scores.sorted(by: >)[max(1, Int(Double(scores.count) * ratio)) - 1]
    return scores.indices.filter { scores[$0] >= limit }
  }

  /// One row after attention to some rows, with the relevance of each.
  private func attended(
    _ part: PostNormAttention, _ x: [Double], _ memory: [[Double]], _ neighbours: [Int], _ relevance: [Double]
  ) -> [Double] {
    let picked = neighbours.flatMap { memory[$0] }
    let query = tensor(x, [1, 1, width])
    let y = part.attention(
      query, memory: tensor(picked, [1, neighbours.count, width]),
      bias: tensor(neighbours.map { relevance[$0] }, [1, 1, neighbours.count]))
    return part.norm(query + y).doubles()
  }

  /// One domain's embeddings; a graph that is off connects all with no preference.
  private func branch(
    _ part: GraphBranch, _ x: [[Double]], _ other: [[Double]], ratio: Double,
    cross: (scores: [[Double]], relevance: [[Double]])?, within: (scores: [[Double]], relevance: [[Double]])?
  ) -> [Double] {
    let all = Array(0..<n)
    let zeros = [Double](repeating: 0, count: n)
    let mixed = all.map { r in
      attended(
        part.cross, x[r], other, cross.map { neighbours($0.scores[r], ratio) } ?? all, cross?.relevance[r] ?? zeros)
    }
    return all.flatMap { r -> [Double] in
      let y = attended(
        part.within, mixed[r], mixed, within.map { neighbours($0.scores[r], ratio) } ?? all,
        within?.relevance[r] ?? zeros)
      return part.feedForward(tensor(y, [1, width])).unitRows().doubles()
    }
  }

  @Test(arguments: [
    [true, true, true], [false, true, true], [true, false, true], [true, true, false], [false, false, false],
  ])
  func equalsOneNodeAtATime(switches: [Bool]) {
    for ratio in [0.5, 0.0, 0.8] {
      let c = ModelConfiguration.tiny.with {
        ($0.graphI2I, $0.graphV2V, $0.graphCross) = (switches[0], switches[1], switches[2])
        $0.connectionRatio = ratio
      }
      let graph = GraphInteraction(c)
      let arena = bind(graph)
      let input = input()
      let (i, v) = (rows(input.image), rows(input.clip))
      let all = 0..<n
      let mean = all.map { a in
        all.map { b in frameScores(input, clip: a, image: b).reduce(0, +) / Double(valid[a]) }
      }
      let toImage = all.map { a in
        all.map { mean[a][$0] + mlp(graph.relevanceClipToImage, frameScores(input, clip: a, image: $0)) }
      }
      let toClip = all.map { b in
        all.map { mean[$0][b] + mlp(graph.relevanceImageToClip, frameScores(input, clip: $0, image: b)) }
      }
      let transposedMean = all.map { b in all.map { mean[$0][b] } }
      let among = { (x: [[Double]]) in
        (
          scores: all.map { a in all.map { dot(x[a], x[$0]) } },
          relevance: all.map { a in all.map { exp(-separation(x[a], x[$0])) } }
        )
      }

      let output = graph(image: input.image, clip: input.clip, frames: input.frames, mask: input.mask)
      let image = branch(
        graph.image, i, v, ratio: ratio, cross: switches[2] ? (transposedMean, toClip) : nil,
        within: switches[0] ? among(i) : nil)
      let clip = branch(
        graph.clip, v, i, ratio: ratio, cross: switches[2] ? (mean, toImage) : nil,
        within: switches[1] ? among(v) : nil)
      #expect(distance(output.image.doubles(), image) < 1e-10)
      #expect(distance(output.clip.doubles(), clip) < 1e-10)

      let near = all.map { a in all.map { exp(-separation(v[a], i[$0])) } }
      let divergence =
        divergence(toImage, near) + divergence(toClip, all.map { b in all.map { near[$0][b] } })
      #expect(abs(output.divergence.item() - divergence) < 1e-12)
      withExtendedLifetime(arena) {}
    }
  }

  private func divergence(_ r: [[Double]], _ s: [[Double]]) -> Double {
    let softmax = { (x: [Double]) in x.map { y in exp(y) / x.reduce(0) { $0 + exp($1) } } }
    return zip(r, s).reduce(0) { sum, rows in
      let (p, q) = (softmax(rows.0), softmax(rows.1))
      return sum + zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) } / Double(r.count)
    }
  }

  @Test func gradientsAreThoseOfDifferences() {
    let graph = GraphInteraction(.tiny)
    let arena = bind(graph)
    let input = input()
    let weights = randomTensor([n, width], seed: 9)
    for name in ["relevance_v2i.fc_1.weight", "relevance_i2v.fc_2.bias", "video.intra.attn.in_proj_weight"] {
      let parameter = arena[name]!
      arena.zeroGradients()
      let loss = { () -> Tensor in
        let y = graph(image: input.image, clip: input.clip, frames: input.frames, mask: input.mask)
        return (y.clip * weights).sum() + (y.image * weights).sum() + y.divergence
      }
      loss().backward()
      let gradient = parameter.value.gradient!.doubles()
      let values = parameter.value.doubles()
      for element in Set([0, values.count / 2, values.count - 1]) {
        let sides = [1e-5, -1e-5].map { shift in
          var moved = values
          moved[element] += shift
          parameter.value.set(moved)
          return GradientRecording.off { loss().item() }
        }
        parameter.value.set(values)
        #expect(abs((sides[0] - sides[1]) / 2e-5 - gradient[element]) < 1e-7, "\(name)[\(element)]")
      }
    }
  }
}
