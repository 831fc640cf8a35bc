/// What a graph takes or yields: name, type and shape.
struct ValueInfoProto: ProtobufMessage {
  /// A size that every run has, or the name of one that runs choose.
  enum Dimension: Equatable {
    case size(Int)
    case name(String)
  }

  var name: String
  var elementType: TensorProto.DataType
  var shape: [Dimension]
  var docString: String

  func write(to writer: inout ProtobufWriter) {
    writer.string(1, name)
    writer.message(2, TypeProto(tensor: TensorType(elementType: elementType, shape: ShapeProto(dimensions: shape))))
    writer.string(3, docString)
  }
}

/// TypeProto, of a tensor.
private struct TypeProto: ProtobufMessage {
  var tensor: TensorType
  func write(to writer: inout ProtobufWriter) { writer.message(1, tensor) }
}

/// TypeProto.Tensor
private struct TensorType: ProtobufMessage {
  var elementType: TensorProto.DataType
  var shape: ShapeProto

  func write(to writer: inout ProtobufWriter) {
    writer.integer(1, elementType.rawValue)
    writer.message(2, shape)
  }
}

/// TensorShapeProto
private struct ShapeProto: ProtobufMessage {
  var dimensions: [ValueInfoProto.Dimension]
  func write(to writer: inout ProtobufWriter) { for dimension in dimensions { writer.message(1, dimension) } }
}

/// TensorShapeProto.Dimension
extension ValueInfoProto.Dimension: ProtobufMessage {
  func write(to writer: inout ProtobufWriter) {
    switch self {
    case .size(let size): writer.integer(1, size)
    case .name(let name): writer.string(2, name)
    }
  }
}
