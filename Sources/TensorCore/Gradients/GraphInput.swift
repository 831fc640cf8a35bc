/// The elements of a tensor where a backward pass ends: the gradient that arrives is kept instead of passed on.
///
/// A computation on `tensor` is then a graph of its own, which can be differentiated before, or without, what made the
/// elements.
package struct GraphInput {
  /// What to compute with.
  package let tensor: Tensor
  private let arrived = Arrived()

  /// Not held by the graph's nodes together with the tensor: an input that no backward pass reaches is freed with it.
  private final class Arrived: @unchecked Sendable { var gradient: Tensor? }

  package init(_ elements: Tensor) {
    tensor = elements.detached()
    let arrived = arrived
    tensor.node = GradientNode(inputs: []) { gradient, _ in arrived.gradient = gradient }
  }

  /// ∂loss/∂tensor once a backward pass has reached it. Nobody changes it.
  package var gradient: Tensor? { arrived.gradient }
}
