import TensorCore

extension Module {
  /// Gives every parameter its value for good: no memory for gradients, and matrices only in the format they are
  /// multiplied in. For parts of a model that no training changes, in the place of a `ParameterArena`.
  ///
  /// - Parameters:
  ///   - operandFormat: the format of matrices; nil for float32, which everything else is in.
  ///   - values: the elements of a parameter in row-major order, asked for in the order of the visit.
  public func freeze(
    operandFormat: DType? = nil, backend: any Backend, values: (_ name: String, _ shape: [Int]) throws -> [Float]
  ) rethrows {
    var visitor = ParameterVisitor()
    visitParameters(&visitor)
    for (name, parameter) in visitor.found {
      let format = parameter.role == .matrix ? operandFormat ?? .float32 : .float32
      let value = Tensor(try values(name, parameter.shape), shape: parameter.shape, backend: backend)
      parameter.bind(value.converted(to: format), operand: nil)
    }
  }
}
