/// Protocol buffers' wire format, as much of it as ONNX files need.
///
/// A field is a key, its number · 8 + its wire type, and a value: a varint (wire type 0), a length and as many bytes (2), or
/// four bytes in little-endian order (5). Fields are written in the order of the calls; messages write theirs by number, so
/// that equal values have equal bytes.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  /// An int64, an int32 or an enumeration; a negative one takes ten bytes.
  mutating func integer(_ field: Int, _ value: Int) {
    key(field, wireType: 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func float(_ field: Int, _ value: Float) {
    key(field, wireType: 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  mutating func string(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

  mutating func data(_ field: Int, _ value: [UInt8]) {
    key(field, wireType: 2)
    varint(UInt64(value.count))
    bytes += value
  }

  mutating func message(_ field: Int, _ message: some ProtobufMessage) { data(field, message.serialized()) }

  private mutating func key(_ field: Int, wireType: Int) {
    precondition((1..<1 << 29).contains(field), "no field has the number \(field)")
    varint(UInt64(field << 3 | wireType))
  }

  /// Seven bits a byte, the lowest first; the eighth says that another byte follows.
  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// A message of protocol buffers.
protocol ProtobufMessage {
  func write(to writer: inout ProtobufWriter)
}

extension ProtobufMessage {
  func serialized() -> [UInt8] {
    var writer = ProtobufWriter()
    write(to: &writer)
    return writer.bytes
  }
}
