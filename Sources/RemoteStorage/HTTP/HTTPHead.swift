/// The status line and the headers of a response: at most 64 KiB of them are kept.
struct HTTPHead: Sendable {
  var status = 0
  /// By lower-case name; of equal names the last.
  private(set) var headers: [String: String] = [:]
  private var byteCount = 0
  private static let limit = 64 << 10

  init() {}

  /// Takes one line as it came, with its line end. False if the headers are too many.
  mutating func take(_ line: UnsafeRawBufferPointer) -> Bool {
    byteCount += line.count
    guard byteCount <= HTTPHead.limit else { return false }
    var bytes = line[...]
    while let last = bytes.last, last == 10 || last == 13 || last == 32 { bytes = bytes.dropLast() }
    if bytes.starts(with: Array("HTTP/".utf8)) {
      // A new head, as after "100 Continue": what came before does not count.
      let count = byteCount
      self = HTTPHead()
      byteCount = count
      let parts = bytes.split(separator: 32, maxSplits: 2)
      status = parts.count > 1 ? Int(String(decoding: parts[1], as: UTF8.self)) ?? 0 : 0
      return true
    }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return true }
    let name = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
    headers[name] = String(decoding: bytes[(colon + 1)...].drop { $0 == 32 || $0 == 9 }, as: UTF8.self)
    return true
  }

  subscript(name: String) -> String? { headers[name] }

  var contentLength: Int? { headers["content-length"].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil } }

  var contentRange: ContentRange? { headers["content-range"].flatMap { ContentRange($0) } }

  var validator: Validator? { Validator(self) }

  /// The seconds of a Retry-After header; a date, which few servers send, is not read.
  var retryAfterSeconds: Double? { headers["retry-after"].flatMap { Int($0) }.flatMap { $0 >= 0 ? Double($0) : nil } }
}
