/// A value of a graph, by its name: an input, a parameter, or what a node yields.
struct Value {
  let name: String
  let graph: GraphBuilder
}

// Operators of ONNX's opset 17, one node each.

extension Value {
  static func + (a: Value, b: Value) -> Value { a.graph.node("Add", [a, b]) }
  static func - (a: Value, b: Value) -> Value { a.graph.node("Sub", [a, b]) }
  static func * (a: Value, b: Value) -> Value { a.graph.node("Mul", [a, b]) }
  static func / (a: Value, b: Value) -> Value { a.graph.node("Div", [a, b]) }
  static func + (a: Value, b: Double) -> Value { a + a.graph.constant(b) }
  static func * (a: Double, b: Value) -> Value { b * b.graph.constant(a) }

  func sigmoid() -> Value { graph.node("Sigmoid", [self]) }
  func erf() -> Value { graph.node("Erf", [self]) }
  func atLeast(_ bound: Double) -> Value { graph.node("Max", [self, graph.constant(bound)]) }

  func and(_ other: Value) -> Value { graph.node("And", [self, other]) }
  func or(_ other: Value) -> Value { graph.node("Or", [self, other]) }
  func not() -> Value { graph.node("Not", [self]) }
  /// self where true, `other` where false.
  func chosen(where condition: Value, else other: Value) -> Value { graph.node("Where", [condition, self, other]) }
  func converted(to type: TensorProto.DataType) -> Value {
    graph.node("Cast", [self], [.init("to", .int(type.rawValue))])
  }

  /// Matrix products of the last two axes.
  func product(_ other: Value) -> Value { graph.node("MatMul", [self, other]) }
  /// x·W + b, or x·Wᵀ + b, of matrices.
  func linear(_ weight: Value, bias: Value? = nil, transposing: Bool) -> Value {
    graph.node("Gemm", [self, weight] + (bias.map { [$0] } ?? []), [.init("transB", .int(transposing ? 1 : 0))])
  }
  /// (N, C, H, W) with kernels (outputs, C, size, size), without overlap or bias.
  func convolution(_ kernels: Value, size: Int) -> Value {
    graph.node(
      "Conv", [self, kernels], [.init("kernel_shape", .ints([size, size])), .init("strides", .ints([size, size]))])
  }
  func softmax() -> Value { graph.node("Softmax", [self], [.init("axis", .int(-1))]) }
  /// Over the last axis.
  func layerNorm(_ gamma: Value, _ beta: Value, epsilon: Float) -> Value {
    graph.node(
      "LayerNormalization", [self, gamma, beta], [.init("axis", .int(-1)), .init("epsilon", .float(epsilon))])
  }

  /// Sums over an axis, which stays with size 1.
  func sum(axis: Int) -> Value {
    graph.node("ReduceSum", [self, graph.constant([axis])], [.init("keepdims", .int(1))])
  }
  func maximum(axis: Int) -> Value {
    graph.node("ReduceMax", [self], [.init("axes", .ints([axis])), .init("keepdims", .int(1))])
  }
  func length(axis: Int) -> Value {
    graph.node("ReduceL2", [self], [.init("axes", .ints([axis])), .init("keepdims", .int(1))])
  }

  /// One size may be -1.
  func reshaped(_ shape: [Int]) -> Value { graph.node("Reshape", [self, graph.constant(shape)]) }
  func reshaped(like other: Value) -> Value { graph.node("Reshape", [self, graph.node("Shape", [other])]) }
  func transposed(_ axes: [Int]) -> Value { graph.node("Transpose", [self], [.init("perm", .ints(axes))]) }
  func slice(_ range: Range<Int>, axis: Int) -> Value {
    let numbers = [range.lowerBound, range.upperBound, axis].map { graph.constant([$0]) }
    return graph.node("Slice", [self] + numbers)
  }
  /// Those at `places` of an axis.
  func gathering(_ places: [Int], axis: Int) -> Value {
    graph.node("Gather", [self, graph.constant(places)], [.init("axis", .int(axis))])
  }
  /// The rows that `indices` (…) name: (rows, W) -> (…, W).
  func rows(at indices: Value) -> Value { graph.node("Gather", [self, indices], [.init("axis", .int(0))]) }
  func concatenated(_ other: Value, axis: Int) -> Value {
    graph.node("Concat", [self, other], [.init("axis", .int(axis))])
  }
  /// `count` equal parts of an axis.
  func split(_ count: Int, axis: Int) -> [Value] {
    graph.nodes("Split", [self], [.init("axis", .int(axis))], count: count)
  }
  /// Zeros before and after, so many for each axis.
  func padded(before: [Int], after: [Int]) -> Value { graph.node("Pad", [self, graph.constant(before + after)]) }
}
