import TensorCore

/// A kernel on the GPU against the same on the CPU in float64, and against itself.
struct KernelCheck {
  let gpu: any Backend
  let cpu: any Backend
  let seed: UInt64

  struct Result {
    /// The greatest relative error (L2) of an output.
    var error: Double
    /// Whether a second run on new memory gives the same bits.
    var repeats: Bool
  }

  /// On sizes that no tile divides and on real ones; the worst of all.
  func callAsFunction(_ kernel: KernelCase, _ shapes: [EncoderShape]) -> Result {
    var worst = Result(error: 0, repeats: true)
    for shape in shapes {
      let first = outputs(kernel, shape, on: gpu, isReference: false)
      let second = outputs(kernel, shape, on: gpu, isReference: false)
      let expected = outputs(kernel, shape, on: cpu, isReference: true)
      worst.repeats = worst.repeats && zip(first, second).allSatisfy { Self.sameBits($0, $1) }
      for (result, reference) in zip(first, expected) {
        worst.error = Self.worse(worst.error, Self.relativeError(result, reference))
      }
    }
    return worst
  }

  private func outputs(
    _ kernel: KernelCase, _ shape: EncoderShape, on backend: any Backend, isReference: Bool
  ) -> [[Double]] {
    var bench = Workbench(backend, isReference: isReference, seed: seed)
    let prepared = kernel.make(&bench, shape)
    prepared.run()
    return prepared.outputs.map { $0.doubles() }
  }

  private static func sameBits(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern }
  }

  /// NaN, an element that was not written, is worse than any error.
  private static func worse(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : max(a, b) }

  private static func relativeError(_ x: [Double], _ reference: [Double]) -> Double {
    var (difference, length) = (0.0, 0.0)
    for (a, b) in zip(x, reference) {
      difference += (a - b) * (a - b)
      length += b * b
    }
    return difference == 0 ? 0 : (difference / max(length, 1e-300)).squareRoot()
  }
}
