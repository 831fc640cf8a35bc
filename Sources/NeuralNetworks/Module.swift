import TensorCore

/// A part of a network that lists its parameters, by the names they have in checkpoints.
public protocol Module {
  func visitParameters(_ visitor: inout ParameterVisitor)
}

extension Module {
  /// The values of all its parameters, for `Tensor.recomputed`.
  package var parameterValues: [Tensor] {
    var visitor = ParameterVisitor()
    visitParameters(&visitor)
    return visitor.found.map(\.parameter.value)
  }
}

/// Collects parameters under dotted paths such as `visual.transformer.resblocks.0.attn.in_proj_weight`.
public struct ParameterVisitor {
  public private(set) var found: [(name: String, parameter: Parameter)] = []
  private var path: [String] = []

  public init() {}

  public mutating func parameter(_ name: String, _ parameter: Parameter) {
    found.append(((path + [name]).joined(separator: "."), parameter))
  }

  public mutating func module(_ name: String, _ module: (any Module)?) {
    guard let module else { return }
    path.append(name)
    module.visitParameters(&self)
    path.removeLast()
  }
}
