/// A dense, row-major array of numbers on a backend, and how it was computed where gradients are wanted.
///
/// A tensor's elements are written once, by the operator that made it; only a parameter's change afterwards, by the
/// optimiser. That is why a tensor may be handed from thread to thread.
public final class Tensor: @unchecked Sendable {
  public let shape: [Int]
  public let dtype: DType
  public let backend: any Backend
  public let storage: any Storage
  /// Where the elements begin in `storage`, in elements.
  public let offset: Int

  /// What a backward pass knows of this tensor.
  package let variable: Variable

  /// A tensor over existing storage.
  public init(shape: [Int], dtype: DType, backend: any Backend, storage: any Storage, offset: Int) {
    self.shape = shape
    self.dtype = dtype
    self.backend = backend
    self.storage = storage
    self.offset = offset
    variable = Variable(shape: shape, dtype: dtype, backend: backend)
  }

  /// A tensor whose elements are not set yet.
  public convenience init(uninitialized shape: [Int], dtype: DType = .float32, backend: any Backend) {
    let storage = backend.allocate(byteCount: shape.reduce(1, *) * dtype.byteCount)
    self.init(shape: shape, dtype: dtype, backend: backend, storage: storage, offset: 0)
  }

  /// A tensor of the same format and backend as `other` whose elements are not set yet.
  package convenience init(like other: some Differentiated, shape: [Int]? = nil) {
    let other = other.variable
    self.init(uninitialized: shape ?? other.shape, dtype: other.dtype, backend: other.backend)
  }

  public var count: Int { shape.reduce(1, *) }
  /// The length of the last axis; 1 for a scalar.
  public var columnCount: Int { shape.last ?? 1 }
  /// The product of all axes but the last.
  public var rowCount: Int { shape.dropLast().reduce(1, *) }
  public var byteCount: Int { count * dtype.byteCount }

  /// Whether a backward pass reaches this tensor.
  public var isTracked: Bool { variable.isTracked }
  /// Where ∂loss/∂self is summed. Set on parameters, nil on everything else.
  public var gradient: Tensor? { variable.gradient }
  package var node: GradientNode? {
    get { variable.node }
    set { variable.node = newValue }
  }

  /// Makes this tensor a parameter whose gradient is added to `gradient`, in the same format, or in float32 where this
  /// tensor is a bfloat16 copy of a weight.
  ///
  /// - Parameter slot: of the parameter that this is or is a view of, where one keeps track of its first contribution.
  public func collectGradient(in gradient: Tensor, slot: GradientSlot? = nil) {
    precondition(
      gradient.shape == shape && gradient.dtype == (dtype == .bfloat16 ? .float32 : dtype),
      "a gradient of shape \(gradient.shape) for a parameter of shape \(shape)")
    variable.gradient = gradient
    variable.slot = slot
  }

  /// The same elements, outside any backward pass.
  public func detached() -> Tensor {
    Tensor(shape: shape, dtype: dtype, backend: backend, storage: storage, offset: offset)
  }
}

extension Tensor: CustomStringConvertible {
  public var description: String { "Tensor(\(shape), \(dtype))" }
}
