/// What a backward pass must know of a tensor: its shape, how it was made, and where its gradient is collected. Not its
/// elements: an operator that can go backward without them holds the variables of its inputs alone, so that their
/// memory is free as soon as nobody computes with them.
public final class Variable: @unchecked Sendable {
  public let shape: [Int]
  public let dtype: DType
  public let backend: any Backend
  /// The operator that made the tensor, while a backward pass may still need it.
  package var node: GradientNode?
  /// Where ∂loss/∂tensor is summed. Set on parameters, nil on everything else.
  public internal(set) var gradient: Tensor?
  /// Of the parameter that this is, or is a view of; without one everything is added to `gradient`.
  public internal(set) var slot: GradientSlot?

  init(shape: [Int], dtype: DType, backend: any Backend) {
    self.shape = shape
    self.dtype = dtype
    self.backend = backend
  }

  public var count: Int { shape.reduce(1, *) }
  public var rowCount: Int { shape.dropLast().reduce(1, *) }

  /// Whether the next contribution replaces `gradient`; asked once before each.
  func replaces(_ gradient: Tensor) -> Bool { slot?.isReplaced(by: gradient) ?? false }

  /// Whether a backward pass reaches the tensor.
  public var isTracked: Bool { node != nil || gradient != nil }
}

/// A tensor, or what stands for it in a backward pass.
package protocol Differentiated {
  var variable: Variable { get }
}

extension Tensor: Differentiated {}

extension Variable: Differentiated {
  package var variable: Variable { self }
}
