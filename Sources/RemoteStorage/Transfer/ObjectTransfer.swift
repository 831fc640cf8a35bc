import Faults

/// The bytes `start..<end` of one object, over as many responses as it takes: each try asks for what is missing, and
/// checks that it gets this and nothing else, of the same object as before.
final class ObjectTransfer: ResponseSink {
  let start: Int
  /// Nil: to the end of the object.
  let end: Int?
  /// The next byte to come.
  private(set) var position: Int
  /// The size of the whole object, once it is known.
  private(set) var total: Int?
  private(set) var validator: Validator?

  private let consumer: any ByteConsumer
  /// What the whole object may have at most.
  private let limit: Int
  /// Whether the object must be the one that `validator` names, or only one and the same from start to end.
  private let isPinned: Bool
  /// Where the body of this response must end; nil where the server does not say.
  private var responseEnd: Int?
  private var asksForRange = false
  /// What came before this transfer is proven by other means.
  private let firstPosition: Int

  /// - Parameters:
  ///   - position: where to go on, if the consumer has the bytes from `start` to there.
  ///   - total: the size of the whole object, where it is known.
  ///   - validator: the object that it must be.
  init(
    start: Int = 0, position: Int? = nil, end: Int? = nil, total: Int? = nil, validator: Validator? = nil,
    limit: Int = .max, into consumer: any ByteConsumer
  ) {
    self.start = start
    self.end = end
    self.position = position ?? start
    firstPosition = self.position
    self.total = total
    self.validator = validator
    self.limit = limit
    self.consumer = consumer
    isPinned = validator != nil
  }

  /// The headers of the next try.
  func headers() -> [(name: String, value: String)] {
    // The whole object is asked for plainly: a server that knows no ranges can send it, too.
    asksForRange = position > 0 || (end != nil && end != total)
    var headers: [(name: String, value: String)] = []
    if asksForRange { headers.append(("Range", "bytes=\(position)-" + (end.map { "\($0 - 1)" } ?? ""))) }
    if let condition = validator?.condition { headers.append(condition) }
    return headers
  }

  func begin(_ head: HTTPHead) throws {
    if let now = head.validator, let before = validator, now != before { throw RequestFailure.changed }
    if head.status == 206 { try beginRange(head) } else { try beginWhole(head) }
    validator = validator ?? head.validator
  }

  private func beginRange(_ head: HTTPHead) throws {
    guard asksForRange else { throw RequestFailure.violation("The server sends a part of what was asked for whole") }
    guard let content = head.contentRange, let range = content.range else {
      throw RequestFailure.violation("The server does not say which part it sends")
    }
    if let found = content.total { try checkTotal(found) }
    guard let wanted = end ?? content.total, range == position..<wanted else {
      let asked = "\(position)–" + (end.map { "\($0 - 1)" } ?? "")
      throw RequestFailure.violation(
        "Asked for bytes \(asked), the server sends \(range.lowerBound)–\(range.upperBound - 1)")
    }
    if let length = head.contentLength, length != range.count { throw wrongLength(length, range.count) }
    responseEnd = range.upperBound
  }

  private func beginWhole(_ head: HTTPHead) throws {
    if asksForRange {
      guard start == 0, end == nil || end == total else {
        throw RequestFailure.final(
          Fault(
            .remoteUnavailable, "The server sends whole files only, no parts (Range)",
            remedy: "Read through a cache folder, which takes whole shards"))
      }
      if position > 0 { try consumer.restart() }
      position = 0
    }
    if let length = head.contentLength { try checkTotal(length) }
    responseEnd = total ?? end
  }

  /// Compares the size of the object with what is known of it.
  private func checkTotal(_ found: Int) throws {
    if let total, found != total {
      if isPinned { throw RequestFailure.changed }
      throw wrongLength(found, total)
    }
    guard found <= limit else {
      throw RequestFailure.final(Fault(.badData, "The file has \(found) bytes, more than the limit of \(limit)"))
    }
    if total == nil { consumer.announce(found) }
    total = found
  }

  private func wrongLength(_ found: Int, _ expected: Int) -> RequestFailure {
    .violation("The server announces \(found) bytes, expected \(expected)")
  }

  func receive(_ bytes: UnsafeRawBufferPointer) throws {
    guard bytes.count <= (responseEnd ?? limit) - position else {
      if responseEnd == nil {
        throw RequestFailure.final(Fault(.badData, "The file has more bytes than the limit of \(limit)"))
      }
      throw RequestFailure.violation("The server sends more bytes than it announced")
    }
    try consumer.receive(bytes)
    position += bytes.count
  }

  func finish() throws {
    if let responseEnd, position != responseEnd {
      throw RequestFailure.connection("The body ended at byte \(position) of \(responseEnd)")
    }
  }

  /// Decides from where the next try goes on: from where it is if the object can be recognised, else from the start.
  func goOn() throws {
    if validator == nil, position > firstPosition { try beginAnew() }
  }

  /// Forgets the object that was seen, as it is another now. False if it must be that one.
  func forget() throws -> Bool {
    guard !isPinned else { return false }
    validator = nil
    try beginAnew()
    return true
  }

  private func beginAnew() throws {
    try consumer.restart()
    position = start
  }
}
