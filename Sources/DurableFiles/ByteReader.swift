import Faults

/// Reads little-endian fields from bytes that nobody vouches for: every field is bounds-checked and throws
/// `Fault(.badData)` with the file, the byte and the name of the field. Nothing here traps.
public struct ByteReader {
  private let bytes: [UInt8]
  private let path: String
  private let base: Int
  /// The next byte to be read, counted from the first byte given.
  public private(set) var position = 0

  /// - Parameters:
  ///   - path: the file, for messages.
  ///   - offset: the position of `bytes[0]` in the file, for messages.
  public init(_ bytes: [UInt8], path: String, offset: Int = 0) {
    self.bytes = bytes
    self.path = path
    base = offset
  }

  /// Bytes not yet read.
  public var remaining: Int { bytes.count - position }

  /// A fault at the current position.
  public func fault(_ what: String) -> Fault {
    Fault(.badData, what, at: "\(path): byte \(base &+ position)")
  }

  public mutating func integer<T: FixedWidthInteger>(_ type: T.Type, _ field: String) throws -> T {
    let width = T.bitWidth / 8
    try need(width, field)
    let value = bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: T.self)) }
    position += width
    return value
  }

  /// An unsigned 64-bit count that must not be over `limit`.
  public mutating func count(_ field: String, limit: Int = Int.max) throws -> Int {
    try checked(integer(UInt64.self, field), field, limit)
  }

  /// An unsigned 32-bit count that must not be over `limit`.
  public mutating func count32(_ field: String, limit: Int) throws -> Int {
    try checked(UInt64(integer(UInt32.self, field)), field, limit)
  }

  /// Exactly `count` bytes.
  public mutating func bytes(_ count: Int, _ field: String) throws -> ArraySlice<UInt8> {
    try need(count, field)
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// A 32-bit byte count of at most `limit`, and as many bytes of valid UTF-8.
  public mutating func string(_ field: String, limit: Int) throws -> String {
    let length = try count32("length of \(field)", limit: limit)
    let start = self
    guard let text = String(validating: try bytes(length, field), as: UTF8.self) else {
      throw start.fault("The \(field) is not valid UTF-8")
    }
    return text
  }

  /// Throws unless every byte was read.
  public func expectEnd() throws {
    if remaining != 0 { throw fault("\(remaining) bytes too many") }
  }

  private func need(_ count: Int, _ field: String) throws {
    guard count >= 0, count <= remaining else {
      throw fault("The \(field) ends early: expected \(count) bytes, found \(remaining)")
    }
  }

  private func checked(_ value: UInt64, _ field: String, _ limit: Int) throws -> Int {
    guard let count = Int(exactly: value), count <= limit else {
      throw fault("The \(field) is \(value), more than the limit of \(limit)")
    }
    return count
  }
}
