// The messages of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, with the fields that we write, by their names
// there. Numbers of fields are that file's.

/// A whole ONNX file.
struct ModelProto: ProtobufMessage {
  var irVersion: Int
  var producerName: String
  var docString: String
  var graph: GraphProto
  var opsetImport: [OperatorSetIdProto]
  var metadataProps: [StringStringEntryProto]

  func write(to writer: inout ProtobufWriter) {
    writer.integer(1, irVersion)
    writer.string(2, producerName)
    writer.string(6, docString)
    writer.message(7, graph)
    for opset in opsetImport { writer.message(8, opset) }
    for entry in metadataProps { writer.message(14, entry) }
  }
}

/// A version of a set of operators; the domain of ONNX's own is empty.
struct OperatorSetIdProto: ProtobufMessage {
  var domain = ""
  var version: Int

  func write(to writer: inout ProtobufWriter) {
    writer.string(1, domain)
    writer.integer(2, version)
  }
}

struct StringStringEntryProto: ProtobufMessage {
  var key: String
  var value: String

  func write(to writer: inout ProtobufWriter) {
    writer.string(1, key)
    writer.string(2, value)
  }
}
