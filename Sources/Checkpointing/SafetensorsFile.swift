import DurableFiles
import Faults

/// A safetensors file opened for reading: names, types and shapes at once, values on demand.
///
/// The file is data and never code; what its header claims is checked before anything is read or allocated by it.
public struct SafetensorsFile: Sendable {
  /// One tensor: type, shape, and the range of its bytes, counted from the end of the header.
  public struct Entry: Sendable, Equatable {
    public var type: SafetensorsType
    public var shape: [Int]
    public var range: Range<Int>

    /// The elements: the product of the shape.
    public var elementCount: Int { range.count / type.byteCount }
  }

  public let path: String
  /// Free text that the writer has put in.
  public let metadata: [String: String]
  public let tensors: [String: Entry]
  private let reader: FileReader
  private let dataOffset: Int

  /// Opens a file and checks its header.
  ///
  /// - Throws: `Fault(.badData)` where the file is not what the format promises, with the place; the fault of the
  ///   system call where it cannot be opened or read.
  public init(_ path: String) throws {
    self.path = path
    reader = try FileReader(path)
    guard reader.byteCount >= 8 else {
      throw Fault(.badData, "A safetensors file has at least 8 bytes, this one has \(reader.byteCount)", at: path)
    }
    var lengthField = ByteReader(try reader.read(at: 0, count: 8), path: path)
    let length = try lengthField.count("header length", limit: SafetensorsHeader.byteLimit)
    guard length <= reader.byteCount - 8 else {
      throw Fault(
        .badData, "The header should have \(length) bytes, the file has \(reader.byteCount - 8) after its length",
        at: path, remedy: "The file was cut: copy it again")
    }
    dataOffset = 8 + length
    let header = try SafetensorsHeader(
      try reader.read(at: 8, count: length), path: path, dataByteCount: reader.byteCount - dataOffset)
    metadata = header.metadata
    tensors = header.tensors
  }

  /// The entry of a tensor; `Fault(.badData)` where there is none of that name.
  public func entry(_ name: String) throws -> Entry {
    guard let entry = tensors[name] else {
      throw Fault(.badData, "There is no tensor \(name.debugDescription) among the \(tensors.count)", at: path)
    }
    return entry
  }

  /// Where a tensor's bytes are in the file, counted from its start.
  public func byteRange(of name: String) throws -> Range<Int> {
    let range = try entry(name).range
    return (dataOffset + range.lowerBound)..<(dataOffset + range.upperBound)
  }

  /// The bytes of a tensor, as they are in the file.
  public func read(_ name: String) throws -> [UInt8] {
    let range = try entry(name).range
    return try reader.read(at: dataOffset + range.lowerBound, count: range.count)
  }

  /// Fills `buffer` with the bytes of a tensor; `Fault(.badData)` where they are not as many.
  public func read(_ name: String, into buffer: UnsafeMutableRawBufferPointer) throws {
    let range = try entry(name).range
    guard buffer.count == range.count else {
      throw Fault(.badData, "The tensor has \(range.count) bytes, expected \(buffer.count)", at: place(name))
    }
    try reader.read(at: dataOffset + range.lowerBound, into: buffer)
  }

  func place(_ name: String) -> String { "\(path): tensor \(name.debugDescription)" }
}
