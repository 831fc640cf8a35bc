/// Protocol buffers' wire format, as much of it as ONNX files need.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []
}
