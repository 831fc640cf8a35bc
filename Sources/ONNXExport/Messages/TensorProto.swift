/// A constant or a weight.
struct TensorProto: ProtobufMessage {
  /// The types of elements, with their numbers in the file.
  enum DataType: Int {
    case float = 1
    case uint8 = 2
    case int64 = 7
    case bool = 9
  }

  enum Content: Hashable {
    /// The elements in row-major, little-endian order.
    case raw([UInt8])
    /// Bytes of a file beside the model's.
    case external(file: String, range: Range<Int>)
  }

  var name: String
  var dims: [Int]
  var dataType: DataType
  var content: Content

  func write(to writer: inout ProtobufWriter) {
    for size in dims { writer.integer(1, size) }
    writer.integer(2, dataType.rawValue)
    writer.string(8, name)
    switch content {
    case .raw(let bytes):
      writer.data(9, bytes)
    case .external(let file, let range):
      for (key, value) in [("location", file), ("offset", "\(range.lowerBound)"), ("length", "\(range.count)")] {
        writer.message(13, StringStringEntryProto(key: key, value: value))
      }
      writer.integer(14, 1)
    }
  }
}
