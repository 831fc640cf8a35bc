/// The weights of one axis of Pillow's antialiased bicubic resize, as 22-bit fixed point.
///
/// Output i is Σₖ `weights[i · tapCount + k]` · input `starts[i] + k`, k < `tapCount`, both counted from the first input
/// that any output needs.
final class BicubicFilter {
  /// What the weights depend on. Sample i of either side lies at i + ½; output i is centred on input position
  /// `(first + i + ½) · scale + shift`.
  struct Axis: Hashable {
    var inputCount: Int
    var outputCount: Int
    /// Inputs for one output.
    var scale: Double
    var first: Double
    var shift: Double = 0
  }

  let axis: Axis
  private(set) var starts: [Int32] = []
  private(set) var weights: [Int32] = []
  private(set) var tapCount = 1
  /// The inputs that any output needs.
  private(set) var inputs: Range<Int>
  /// Whether the outputs are the `inputs` as they are.
  let isCopy: Bool

  static let precision: Int32 = 22

  init(_ axis: Axis) {
    precondition(axis.inputCount > 0 && axis.outputCount > 0 && axis.scale > 0, "\(axis)")
    self.axis = axis
    let start = axis.first + axis.shift
    isCopy =
      axis.scale == 1 && start >= 0 && start == start.rounded() && Int(start) + axis.outputCount <= axis.inputCount
    if isCopy {  // Pillow leaves such an axis alone
      inputs = Int(start)..<Int(start) + axis.outputCount
      starts = (0..<Int32(axis.outputCount)).map { $0 }
      weights = [Int32](repeating: 1 << BicubicFilter.precision, count: axis.outputCount)
      return
    }
    let taps = BicubicFilter.taps(of: axis)
    let tapCount = taps.map(\.weights.count).max()!
    self.tapCount = tapCount
    // All outputs get the same number of taps, by weights of 0; near the end these stand in front.
    let begins = taps.map { min($0.start, axis.inputCount - tapCount) }
    inputs = begins.min()!..<begins.max()! + tapCount
    starts = begins.map { Int32($0 - inputs.lowerBound) }
    weights = [Int32](repeating: 0, count: tapCount * axis.outputCount)
    for (output, tap) in taps.enumerated() {
      let offset = output * tapCount + tap.start - begins[output]
      for (k, weight) in tap.weights.enumerated() { weights[offset + k] = weight }
    }
  }

  private static func taps(of axis: Axis) -> [(start: Int, weights: [Int32])] {
    let stretch = max(axis.scale, 1)
    let support = 2 * stretch
    return (0..<axis.outputCount).map { output in
      let centre = (axis.first + Double(output) + 0.5) * axis.scale + axis.shift
      let start = min(max(0, Int(centre - support + 0.5)), axis.inputCount - 1)
      let end = max(start + 1, min(axis.inputCount, Int(centre + support + 0.5)))
      let exact = (start..<end).map { kernel((Double($0) - centre + 0.5) * (1 / stretch)) }
      let sum = exact.reduce(0, +)
      precondition(sum > 0, "output \(output) of \(axis) lies beyond the inputs")
      return (
        start,
        exact.map { weight in
          let scaled = weight / sum * Double(1 << precision)
          return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
        }
      )
    }
  }

  /// Keys' cubic with a = −0.5.
  private static func kernel(_ position: Double) -> Double {
    let a = -0.5
    let x = abs(position)
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
    return 0
  }
}
