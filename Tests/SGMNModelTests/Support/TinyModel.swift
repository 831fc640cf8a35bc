import NeuralNetworks
import Randomness
import TensorCore

@testable import SGMNModel

/// One worker for all tests.
let cpu = CPUBackend()

extension ModelConfiguration {
  /// Every part of the model, in milliseconds.
  static var tiny: ModelConfiguration {
    var c = ModelConfiguration()
    c.resolution = 8
    c.patch = 4
    c.width = 12
    c.layers = 1
    c.heads = 2
    c.embedDim = 8
    c.frames = 3
    c.tmcLayers = 1
    c.tmcHeads = 2
    c.textDim = 6
    c.textTokenDim = 5
    c.textGateHidden = 4
    c.gciHeads = 2
    c.smfHeads = 2
    c.hardExamples = 3
    c.fusionHidden = 10
    return c
  }

  /// With an encoder of its own for texts.
  func encodingTexts(_ filter: TextFilterKind = .linear) -> ModelConfiguration {
    with {
      ($0.trainsText, $0.textFilter) = (true, filter)
      $0.textEncoder.vocabularySize = 11
      ($0.textEncoder.positions, $0.textEncoder.tokens) = (6, 5)
      ($0.textEncoder.width, $0.textEncoder.heads, $0.textEncoder.layers) = (8, 2, 2)
      ($0.textEncoder.hidden, $0.textEncoder.projection) = (10, 6)
      ($0.textDim, $0.textTokenDim) = (6, 8)
    }
  }

  func with(_ change: (inout ModelConfiguration) -> Void) -> ModelConfiguration {
    var c = self
    change(&c)
    return c
  }
}

/// Standard normal numbers.
func normals(_ count: Int, seed: UInt64) -> [Double] {
  var stream = RandomStream(seed: seed, "test", count)
  return (0..<count).map { _ in stream.normal() }
}

func tensor(_ values: [Double], _ shape: [Int]) -> Tensor {
  Tensor(values, shape: shape, dtype: .float64, backend: cpu)
}

func randomTensor(_ shape: [Int], seed: UInt64) -> Tensor {
  tensor(normals(shape.reduce(1, *), seed: seed), shape)
}

func pixels(_ count: Int, seed: UInt64) -> [UInt8] {
  var stream = RandomStream(seed: seed, "pixels", count)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: stream.next()) }
}

/// Float64 parameters that are nowhere at a special value: norms and biases too have random parts.
func bind(_ module: any Module, dtype: DType = .float64, operandFormat: DType? = nil, seed: UInt64 = 1)
  -> ParameterArena
{
  let arena = ParameterArena(module, seed: seed, dtype: dtype, operandFormat: operandFormat, backend: cpu)
  for entry in arena.entries {
    let value = entry.parameter.value
    var stream = RandomStream(seed: seed, "disturbance " + entry.name)
    value.set(value.doubles().map { $0 + 0.2 * stream.normal() })
  }
  arena.refreshOperands()
  return arena
}

extension PairBatch {
  /// Pairs of random pictures and texts, of which clip i has the first `validCounts[i]` frames.
  static func random(
    _ c: ModelConfiguration, validCounts: [Int], products: [UInt64], frameCount: Int? = nil, seed: UInt64 = 1
  ) -> PairBatch {
    let n = validCounts.count
    let l = frameCount ?? c.frames
    let size = 3 * c.resolution * c.resolution
    // The pictures of frame t of clip i are the same whatever the padding.
    let slots = validCounts.enumerated().flatMap { clip, count in (0..<count).map { (clip, $0) } }
    var batch = PairBatch(
      pairCount: n, frameCount: l, images: pixels(n * size, seed: seed),
      frames: slots.flatMap { pixels(size, seed: seed + 100 * UInt64($0.0 + 1) + UInt64($0.1)) },
      frameSlots: slots.map { Int32($0.0 * l + $0.1) },
      mask: validCounts.flatMap { count in (0..<l).map { $0 < count } }, productKeys: products)
    let text = { (seed: UInt64) -> TextInput in
      if c.encodesText { return .tokens(n, c.textEncoder, seed: seed) }
      return TextInput(
        pooled: normals(n * c.textDim, seed: seed).map { Float($0) },
        tokens: normals(n * 4 * c.textTokenDim, seed: seed).map { Float($0) },
        tokenMask: (0..<n).flatMap { text in (0..<4).map { $0 <= text % 4 } })
    }
    batch.asr = text(seed + 1)
    batch.title = text(seed + 2)
    var stream = RandomStream(seed: seed, "uniform")
    batch.uniform = (0..<(10 * n)).map { _ in stream.uniform() }
    return batch
  }

  var clips: ClipBatch {
    ClipBatch(clipCount: pairCount, frameCount: frameCount, frames: frames, frameSlots: frameSlots, mask: mask)
  }
}

extension PairBatch.TextInput {
  /// N texts of random tokens, of different lengths; the last is the first.
  static func tokens(_ n: Int, _ c: TextEncoderConfiguration, seed: UInt64) -> Self {
    var stream = RandomStream(seed: seed, "tokens")
    var texts = (0..<n).map { text in
      [2] + (0..<(1 + text % (c.tokens - 2))).map { _ in Int32(stream.integer(below: c.vocabularySize)) } + [3]
    }
    texts[n - 1] = texts[0]
    return Self(ids: texts)
  }
}

/// The largest difference of two lists.
func distance(_ a: [Double], _ b: [Double]) -> Double {
  a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
}

func dot(_ a: some Sequence<Double>, _ b: some Sequence<Double>) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

/// The largest difference between ∂function/∂x by backward pass and by central differences, relative to the largest.
func gradientError(_ values: [Double], _ shape: [Int], _ function: (Tensor) -> Tensor) -> Double {
  let x = tensor(values, shape)
  x.collectGradient(in: .zeros(shape, dtype: .float64, backend: cpu))
  function(x).backward()
  let step = 1e-6
  let differences = values.indices.map { i in
    let sides = [step, -step].map { shift in
      var moved = values
      moved[i] += shift
      return GradientRecording.off { function(tensor(moved, shape)).item() }
    }
    return (sides[0] - sides[1]) / (2 * step)
  }
  let scale = max(1e-3, differences.map(abs).max() ?? 0)
  return distance(x.gradient!.doubles(), differences) / scale
}
