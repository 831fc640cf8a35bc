/// Nodes in an order in which each finds its inputs computed, and the tensors that are there from the start.
struct GraphProto: ProtobufMessage {
  var node: [NodeProto]
  var name: String
  var initializer: [TensorProto]
  var input: [ValueInfoProto]
  var output: [ValueInfoProto]

  func write(to writer: inout ProtobufWriter) {
    for node in node { writer.message(1, node) }
    writer.string(2, name)
    for tensor in initializer { writer.message(5, tensor) }
    for value in input { writer.message(11, value) }
    for value in output { writer.message(12, value) }
  }
}

/// An operator on values, by their names.
struct NodeProto: ProtobufMessage {
  var input: [String]
  var output: [String]
  var name: String
  var opType: String
  var attribute: [AttributeProto]

  func write(to writer: inout ProtobufWriter) {
    for value in input { writer.string(1, value) }
    for value in output { writer.string(2, value) }
    writer.string(3, name)
    writer.string(4, opType)
    for attribute in attribute { writer.message(5, attribute) }
  }
}

/// What an operator must know before it runs.
struct AttributeProto: ProtobufMessage {
  enum Content {
    case float(Float)
    case int(Int)
    case ints([Int])
  }

  var name: String
  var content: Content

  init(_ name: String, _ content: Content) { (self.name, self.content) = (name, content) }

  func write(to writer: inout ProtobufWriter) {
    writer.string(1, name)
    switch content {
    case .float(let value):
      writer.float(2, value)
      writer.integer(20, 1)
    case .int(let value):
      writer.integer(3, value)
      writer.integer(20, 2)
    case .ints(let values):
      for value in values { writer.integer(8, value) }
      writer.integer(20, 7)
    }
  }
}
