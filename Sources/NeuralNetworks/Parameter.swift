import TensorCore

/// What a parameter is, which decides whether weight decay pulls at it.
public enum ParameterRole: Sendable {
  case matrix
  case bias
  case norm
  case embedding

  /// AdamW decays matrices alone (docs/model.md, "Starting weights").
  public var isDecayed: Bool { self == .matrix }
}

/// The distribution of a parameter's starting values.
public enum Initialization: Sendable {
  case constant(Double)
  case normal(deviation: Double)
  case uniform(bound: Double)
}

/// A trained tensor. Its memory comes from a `ParameterArena`; until one has bound it, it has no value.
public final class Parameter: @unchecked Sendable {
  public let shape: [Int]
  public let role: ParameterRole
  public let initialization: Initialization
  private var bound: Tensor?
  private var boundOperand: Tensor?

  public init(_ shape: [Int], _ role: ParameterRole, _ initialization: Initialization) {
    self.shape = shape
    self.role = role
    self.initialization = initialization
  }

  public var count: Int { shape.reduce(1, *) }

  public var value: Tensor {
    guard let bound else { fatalError("a parameter of shape \(shape) is used before a ParameterArena holds it") }
    return bound
  }

  /// What products multiply with: a copy of the value in the format of products, or the value itself. Gradients arrive
  /// in the same place.
  public var operand: Tensor { boundOperand ?? value }

  func bind(_ tensor: Tensor, operand: Tensor?) {
    bound = tensor
    boundOperand = operand
  }

  /// The same elements in another shape; gradients arrive in the same place.
  public func value(as shape: [Int]) -> Tensor { view(of: value, at: 0, shape: shape) }

  /// The operand in another shape.
  public func operand(as shape: [Int]) -> Tensor { view(of: operand, at: 0, shape: shape) }

  /// Rows of a matrix as a matrix of their own; gradients arrive in the same place.
  public func rows(_ range: Range<Int>) -> Tensor { rows(range, of: value) }

  /// Rows of the operand.
  public func operandRows(_ range: Range<Int>) -> Tensor { rows(range, of: operand) }

  /// Elements of a vector.
  public func elements(_ range: Range<Int>) -> Tensor {
    view(of: value, at: range.lowerBound, shape: [range.count])
  }

  private func rows(_ range: Range<Int>, of tensor: Tensor) -> Tensor {
    precondition(shape.count == 2, "rows of a parameter of shape \(shape)")
    return view(of: tensor, at: range.lowerBound * shape[1], shape: [range.count, shape[1]])
  }

  private func view(of tensor: Tensor, at start: Int, shape: [Int]) -> Tensor {
    precondition(
      start >= 0 && start + shape.reduce(1, *) <= count, "a view of shape \(shape) at \(start) of \(self.shape)")
    let view = tensor.slice(at: start, shape: shape)
    if let gradient = tensor.gradient {
      view.collectGradient(in: gradient.slice(at: start, shape: shape), slot: tensor.variable.slot)
    }
    return view
  }
}
