import Synchronization

/// How a tensor was made: its inputs, and what carries a gradient from it to them.
package final class GradientNode: @unchecked Sendable {
  /// Grows with every operator, so that a reverse order of computation is a descending order of numbers.
  let sequence: UInt64
  let inputs: [Variable]
  let backward: (Tensor, Gradients) -> Void

  private static let next = Atomic<UInt64>(0)

  /// The number of the operator that was recorded last.
  static var latest: UInt64 { next.load(ordering: .relaxed) }

  init(inputs: [Variable], backward: @escaping (Tensor, Gradients) -> Void) {
    sequence = GradientNode.next.add(1, ordering: .relaxed).newValue
    self.inputs = inputs
    self.backward = backward
  }
}

/// Whether operators remember how to go backward. Off while only values are wanted: nothing is then kept in memory.
public enum GradientRecording {
  @TaskLocal package static var isOn = true

  public static func off<Result>(_ body: () throws -> Result) rethrows -> Result {
    try $isOn.withValue(false, operation: body)
  }

  /// Within `off`, and in a backward pass, which does not record: remembers again.
  package static func on<Result>(_ body: () throws -> Result) rethrows -> Result {
    try $isOn.withValue(true, operation: body)
  }
}

extension Tensor {
  /// Remembers that `self` was computed from `inputs`. `backward` gets ∂loss/∂self and adds to the inputs' gradients;
  /// it must not change what it gets.
  ///
  /// What `backward` holds stays in memory until then: an input's variable where its elements are not needed.
  package func record(from inputs: any Differentiated..., backward: @escaping (Tensor, Gradients) -> Void) -> Tensor {
    let tracked = inputs.map(\.variable).filter(\.isTracked)
    if GradientRecording.isOn, !tracked.isEmpty { node = GradientNode(inputs: tracked, backward: backward) }
    return self
  }
}
