import DurableFiles

/// Writes safetensors files that any reader of the format takes.
public enum SafetensorsWriter {
  /// One tensor to write. `bytes` are only looked at during the call.
  public struct Tensor {
    public var name: String
    public var type: SafetensorsType
    public var shape: [Int]
    public var bytes: UnsafeRawBufferPointer

    public init(name: String, type: SafetensorsType, shape: [Int], bytes: UnsafeRawBufferPointer) {
      self.name = name
      self.type = type
      self.shape = shape
      self.bytes = bytes
    }
  }

  /// Writes a file that appears whole or not at all, and is on the disk when this returns.
  ///
  /// Wide types come first in the data, so that every tensor starts at a multiple of its element's size.
  ///
  /// - Parameter goesOn: called for every tensor that has been handed to the disk.
  /// - Returns: The file's size and the XXH3-64 of all its bytes.
  /// - Throws: the fault of the system call that failed.
  @discardableResult
  public static func write(
    path: String, metadata: [String: String] = [:], tensors: [Tensor], goesOn: () -> Void = {}
  ) throws -> (byteCount: Int, hash: UInt64) {
    let tensors = tensors.enumerated().sorted {
      ($1.element.type.byteCount, $0.offset) < ($0.element.type.byteCount, $1.offset)
    }.map(\.element)
    let header = header(metadata: metadata, tensors: tensors)
    let writer = try DurableFileWriter(path)
    try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try writer.append($0) }
    try writer.append(header)
    for tensor in tensors {
      try writer.append(tensor.bytes)
      goesOn()
    }
    try writer.commit()
    return (writer.byteCount, writer.hash)
  }

  /// The JSON header, filled up with blanks to a multiple of 8 bytes.
  private static func header(metadata: [String: String], tensors: [Tensor]) -> [UInt8] {
    var fields: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var names: Set<String> = ["__metadata__"]
    var start = 0
    for tensor in tensors {
      precondition(names.insert(tensor.name).inserted, "a tensor name that is taken: \(tensor.name)")
      precondition(
        tensor.type.byteCount(shape: tensor.shape) == tensor.bytes.count,
        "\(tensor.name): \(tensor.type.rawValue) \(tensor.shape) does not have \(tensor.bytes.count) bytes")
      let end = start + tensor.bytes.count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      fields.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(start),\(end)]}")
      start = end
    }
    var bytes = Array("{\(fields.joined(separator: ","))}".utf8)
    bytes += [UInt8](repeating: UInt8(ascii: " "), count: (8 - bytes.count % 8) % 8)
    precondition(bytes.count <= SafetensorsHeader.byteLimit, "a header of \(bytes.count) bytes, which no reader takes")
    return bytes
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
