import DurableFiles

/// One message between a process and its worker: twelve bytes of header, then the payload.
///
/// `u32` mark, `u32` kind, `u32` bytes of payload, all little-endian.
public enum WorkerFrame {
  public enum Kind: UInt32, Sendable {
    /// To the worker, first of all: what it needs to begin.
    case setup = 1
    /// From the worker: it has begun.
    case ready = 2
    /// To the worker: one piece of work.
    case request = 3
    /// From the worker: the work done.
    case reply = 4
    /// From the worker: why the work, or the beginning, cannot be done.
    case refusal = 5
  }

  static let mark: UInt32 = 0x4D47_5357  // "WSGM"
  static let headerByteCount = 12

  static func header(_ kind: Kind, payloadByteCount: Int) -> [UInt8] {
    var writer = ByteWriter(capacity: headerByteCount)
    writer.integer(mark)
    writer.integer(kind.rawValue)
    writer.count32(payloadByteCount)
    return writer.bytes
  }

  /// Kind and size of the payload; nil where the bytes are no header, or promise more than `limit` bytes.
  static func parse(_ header: [UInt8], limit: Int) -> (kind: Kind, payloadByteCount: Int)? {
    var reader = ByteReader(header, path: "a worker's message")
    guard let found = try? reader.integer(UInt32.self, "mark"), found == mark,
      let number = try? reader.integer(UInt32.self, "kind"), let kind = Kind(rawValue: number),
      let count = try? reader.count32("payload", limit: limit)
    else { return nil }
    return (kind, count)
  }
}
