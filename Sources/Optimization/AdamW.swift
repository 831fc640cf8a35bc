import Glibc
import NeuralNetworks
import TensorCore

/// AdamW over all parameters of an arena. With g the scaled gradient, β₁, β₂, ε, λ of the configuration, t the step
/// and η the rate times the parameter's factor:
///
///     m = β₁m + (1 − β₁)g        v = β₂v + (1 − β₂)g²
///     w = w·(1 − ηλ) − η · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
///
/// λ is 0 for parameters that are not matrices.
public final class AdamW {
  /// Adjacent parameters that are updated alike, and the padding between them: its gradient is zero, so it stays zero.
  struct Segment: Equatable {
    var range: Range<Int>
    var isDecayed: Bool
    var rateScale: Double
  }

  public let configuration: AdamWConfiguration
  /// m and v, in the order of `ParameterArena.values`.
  public let firstMoment: Tensor
  public let secondMoment: Tensor
  /// Updates done so far. A resumed run sets it, and the moments, to what its checkpoint says.
  public var stepCount = 0

  let segments: [Segment]
  private let arena: ParameterArena

  /// An optimiser that has done no step. `rateScale` is the factor of the learning rate for a parameter of that name.
  public init(
    _ arena: ParameterArena, configuration: AdamWConfiguration, rateScale: (String) -> Double = { _ in 1 }
  ) {
    self.arena = arena
    self.configuration = configuration
    let values = arena.values
    firstMoment = .zeros(values.shape, dtype: values.dtype, backend: values.backend)
    secondMoment = .zeros(values.shape, dtype: values.dtype, backend: values.backend)
    var segments: [Segment] = []
    for entry in arena.entries {
      let scale = rateScale(entry.name)
      precondition(scale >= 0 && scale.isFinite, "a learning rate times \(scale) for \(entry.name)")
      let segment = Segment(range: entry.range, isDecayed: entry.parameter.role.isDecayed, rateScale: scale)
      if let last = segments.last, last.isDecayed == segment.isDecayed, last.rateScale == segment.rateScale {
        segments[segments.count - 1].range = last.range.lowerBound..<entry.range.upperBound
      } else {
        segments.append(segment)
      }
    }
    self.segments = segments
  }

  /// One step with the arena's gradients times `gradientScale` (clipping, averaging over ranks).
  public func update(rate: Double, gradientScale: Double = 1) {
    stepCount += 1
    let t = Double(stepCount)
    for segment in segments where !segment.range.isEmpty {
      let part = { (x: Tensor) in x.slice(at: segment.range.lowerBound, shape: [segment.range.count]) }
      let step = AdamWUpdate(
        gradientScale: gradientScale, rate: rate * segment.rateScale, beta1: configuration.beta1,
        beta2: configuration.beta2, epsilon: configuration.epsilon,
        decay: segment.isDecayed ? configuration.weightDecay : 0, correction1: 1 - pow(configuration.beta1, t),
        correction2: 1 - pow(configuration.beta2, t))
      arena.values.backend.adamW(
        step, weight: part(arena.values), gradient: part(arena.gradients), firstMoment: part(firstMoment),
        secondMoment: part(secondMoment), operand: arena.operands.map(part))
    }
  }
}
