/// Collects the nodes of a graph while encoders are written down with `Value`s.
///
/// Parameters go by the names they have in checkpoints, below the path of the module that is being written; nodes are named
/// by that path too, so that a profile of the graph can be read.
final class GraphBuilder {
  let name: String
  /// Of every parameter that the graph may ask for.
  private let shapes: [String: [Int]]
  private var path: [String] = []
  private var nodes: [NodeProto] = []
  private var inputs: [ValueInfoProto] = []
  private var outputs: [ValueInfoProto] = []
  private var constants: [TensorProto] = []
  private var constantNames: [ConstantKey: String] = [:]
  /// The parameters that the graph asked for, in that order.
  private(set) var parameterNames: [String] = []

  private struct ConstantKey: Hashable {
    var type: TensorProto.DataType
    var dims: [Int]
    var content: TensorProto.Content
  }

  init(_ name: String, shapes: [String: [Int]]) { (self.name, self.shapes) = (name, shapes) }

  /// What `body` writes belongs to a module of the one that is being written.
  func within<Result>(_ module: String, _ body: () -> Result) -> Result {
    path.append(module)
    defer { path.removeLast() }
    return body()
  }

  func input(
    _ name: String, _ type: TensorProto.DataType, _ shape: [ValueInfoProto.Dimension], _ meaning: String
  ) -> Value {
    inputs.append(ValueInfoProto(name: name, elementType: type, shape: shape, docString: meaning))
    return Value(name: name, graph: self)
  }

  /// Makes a value of float32 numbers one that runs yield under this name.
  func output(_ name: String, _ value: Value, _ shape: [ValueInfoProto.Dimension], _ meaning: String) {
    nodes.append(NodeProto(input: [value.name], output: [name], name: name, opType: "Identity", attribute: []))
    outputs.append(ValueInfoProto(name: name, elementType: .float, shape: shape, docString: meaning))
  }

  /// A parameter of the module that is being written.
  func parameter(_ name: String) -> Value {
    let name = (path + [name]).joined(separator: ".")
    precondition(shapes[name] != nil, "the model has no parameter \(name)")
    if !parameterNames.contains(name) { parameterNames.append(name) }
    return Value(name: name, graph: self)
  }

  func shape(ofParameter name: String) -> [Int] { shapes[(path + [name]).joined(separator: ".")] ?? [] }

  /// A number, shape [], or a list of them in `shape`.
  func constant(_ numbers: [Float], shape: [Int] = []) -> Value {
    precondition(numbers.count == shape.reduce(1, *), "\(numbers.count) numbers for the shape \(shape)")
    return constant(.float, shape, numbers.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) })
  }

  func constant(_ number: Double) -> Value { constant([Float(number)]) }

  /// A list of whole numbers: axes, sizes, places.
  func constant(_ numbers: [Int]) -> Value {
    constant(
      .int64, [numbers.count], numbers.flatMap { withUnsafeBytes(of: Int64($0).littleEndian, Array.init) })
  }

  /// Equal constants are one.
  private func constant(_ type: TensorProto.DataType, _ dims: [Int], _ bytes: [UInt8]) -> Value {
    let key = ConstantKey(type: type, dims: dims, content: .raw(bytes))
    if let name = constantNames[key] { return Value(name: name, graph: self) }
    let name = "constant_\(constants.count)"
    constants.append(TensorProto(name: name, dims: dims, dataType: type, content: key.content))
    constantNames[key] = name
    return Value(name: name, graph: self)
  }

  /// A node that yields one value.
  func node(_ operation: String, _ inputs: [Value], _ attributes: [AttributeProto] = []) -> Value {
    self.nodes(operation, inputs, attributes, count: 1)[0]
  }

  /// A node that yields `count` values.
  func nodes(_ operation: String, _ inputs: [Value], _ attributes: [AttributeProto], count: Int) -> [Value] {
    let name = (path + ["\(operation)_\(nodes.count)"]).joined(separator: ".")
    let outputs = count == 1 ? [name] : (0..<count).map { "\(name)_\($0)" }
    nodes.append(
      NodeProto(
        input: inputs.map(\.name), output: outputs, name: name, opType: operation, attribute: attributes))
    return outputs.map { Value(name: $0, graph: self) }
  }

  /// The graph, its parameters being those bytes of `weights` that `range` tells.
  func graph(weights: String, range: (String) throws -> Range<Int>) rethrows -> GraphProto {
    let parameters = try parameterNames.map { name in
      TensorProto(
        name: name, dims: shapes[name] ?? [], dataType: .float,
        content: .external(file: weights, range: try range(name)))
    }
    return GraphProto(
      node: nodes, name: name, initializer: parameters + constants, input: inputs, output: outputs)
  }
}
