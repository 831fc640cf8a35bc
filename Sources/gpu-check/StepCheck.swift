import Foundation
import SGMNModel
import TensorCore
import Training

/// The losses and gradients of a whole step on the GPU, and how they fall, against the CPU worker in float32.
struct StepCheck {
  let gpu: any Backend
  let cpu: any Backend

  /// What is compared, what came out, and whether that is right.
  struct Line {
    let name: String
    let result: String
    let isRight: Bool
  }

  /// ViT-B/32 with everything on, three pairs: losses, and the gradient of every parameter.
  func gradientLines() throws -> [Line] {
    let batch = PairBatch.random(3, ModelConfiguration(), rank: 0, of: 1)
    let reference = try ModelOnBackend(ModelConfiguration(), operandFormat: nil, backend: cpu)
    let expected = try reference.gradients(of: batch)
    return try [DType.float32, .bfloat16].map { format in
      let own = try ModelOnBackend(
        ModelConfiguration(), operandFormat: format == .float32 ? nil : format, backend: gpu)
      let first = try own.gradients(of: batch)
      let second = try own.gradients(of: batch)
      let repeats = zip(first.all, second.all).allSatisfy { $0.bitPattern == $1.bitPattern }
      let lossError = zip(first.losses, expected.losses)
        .map { abs($0.value - $1.value) / max(abs($1.value), 1e-3) }.max()!
      let cosines = reference.arena.entries.map { entry in
        (entry.name, cosine(first.all[entry.range], expected.all[entry.range]))
      }
      let worst = cosines.min { $0.1 < $1.1 }!
      let whole = cosine(first.all[...], expected.all[...])
      let limits = format == .float32 ? (loss: 1e-4, each: 0.9999, all: 0.99999) : (loss: 1e-2, each: 0.98, all: 0.999)
      let below = cosines.count { $0.1 < 0.995 }
      return Line(
        name: "step of 3 pairs in \(format) against the CPU in float32",
        result: String(
          format: "losses %.1e, cosine of all gradients %.6f, worst %.4f (", lossError, whole, worst.1)
          + "\(worst.0)), \(below) of \(cosines.count) below 0.995, \(repeats ? "same bits twice" : "OTHER BITS")",
        isRight: lossError <= limits.loss && worst.1 >= limits.each && whole >= limits.all && repeats)
    }
  }

  /// Fifty steps of a small model, in bf16 on the GPU and in float32 on the CPU.
  func curveLine() throws -> Line {
    var c = ModelConfiguration()
    (c.resolution, c.width, c.layers, c.heads, c.embedDim, c.frames) = (64, 128, 3, 2, 128, 4)
    (c.textDim, c.tmcHeads, c.gciHeads, c.smfHeads, c.fusionHidden) = (64, 2, 2, 2, 128)
    let batches = (0..<4).map { PairBatch.random(8, c, rank: $0, of: 4) }
    let curves = try [(cpu, nil as DType?), (gpu, .bfloat16)].map { backend, format in
      try ModelOnBackend(c, operandFormat: format, backend: backend).lossCurve(batches, stepCount: 50, rate: 3e-5)
    }
    // Of every window of four steps, in which each batch has its turn.
    let windows = curves.map { curve in (0...46).map { curve[$0..<($0 + 4)].reduce(0, +) / 4 } }
    let difference = zip(windows[0], windows[1]).map { abs($1 / $0 - 1) }.max()!
    return Line(
      name: "loss of 50 steps in bf16 against the CPU in float32",
      result: String(
        format: "%.3f -> %.3f and %.3f -> %.3f, at most %.1f %% apart", windows[0][0], windows[0][46], windows[1][0],
        windows[1][46], 100 * difference),
      isRight: difference <= 0.02 && windows[0][46] < 0.9 * windows[0][0])
  }

  private func cosine(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    var (product, first, second) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      product += Double(x) * Double(y)
      first += Double(x) * Double(x)
      second += Double(y) * Double(y)
    }
    // Two gradients of nothing agree.
    guard first > 1e-24 || second > 1e-24 else { return 1 }
    return product / max((first * second).squareRoot(), 1e-300)
  }
}
