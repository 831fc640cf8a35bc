/// Builds a little-endian record in memory, the counterpart of `ByteReader`.
public struct ByteWriter {
  public private(set) var bytes: [UInt8]

  public init(capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  public var count: Int { bytes.count }

  public mutating func integer<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A count as an unsigned 64-bit integer.
  public mutating func count(_ value: Int) { integer(UInt64(value)) }

  /// A count as an unsigned 32-bit integer.
  public mutating func count32(_ value: Int) { integer(UInt32(value)) }

  public mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

  public mutating func append(_ more: ArraySlice<UInt8>) { bytes.append(contentsOf: more) }

  public mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

  /// A 32-bit byte count and the UTF-8 bytes.
  public mutating func string(_ text: String) {
    let utf8 = Array(text.utf8)
    count32(utf8.count)
    append(utf8)
  }
}
