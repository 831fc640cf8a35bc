import Faults

/// Learns the size of an object and how to recognise it, by asking for its first byte: unlike HEAD this shows whether
/// the server sends parts, and its words if it refuses.
final class ObjectProbe: ResponseSink {
  private(set) var byteCount: Int?
  private(set) var validator: Validator?
  private(set) var sendsParts = false

  static let headers = [(name: "Range", value: "bytes=0-0")]

  /// Ends a transfer whose head said everything.
  struct Enough: Error {}

  func begin(_ head: HTTPHead) throws {
    validator = head.validator
    if head.status == 206 {
      guard let content = head.contentRange, content.range == 0..<1, head.contentLength ?? 1 == 1 else {
        throw RequestFailure.violation("Asked for the first byte, the server sends another part")
      }
      sendsParts = true
      byteCount = content.total
    } else {
      byteCount = head.contentLength
    }
    guard byteCount != nil else {
      throw RequestFailure.final(Fault(.remoteUnavailable, "The server does not say how large the file is"))
    }
    if !sendsParts { throw Enough() }
  }

  /// Takes a status that is neither 200 nor 206. True if it is the answer for an empty object.
  func accepts(_ head: HTTPHead) -> Bool {
    guard head.status == 416, head.contentRange?.total == 0 else { return false }
    byteCount = 0
    validator = head.validator
    sendsParts = true
    return true
  }

  func receive(_ bytes: UnsafeRawBufferPointer) throws {
    if bytes.count > 1 { throw RequestFailure.violation("Asked for one byte, the server sends \(bytes.count)") }
  }

  func finish() {}
}
