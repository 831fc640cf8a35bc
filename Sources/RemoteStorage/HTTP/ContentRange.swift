/// A Content-Range header: `bytes 100-199/5000`, or `bytes */5000` where a range was refused.
struct ContentRange: Equatable, Sendable {
  /// Nil for `*`.
  var range: Range<Int>?
  /// Nil for `*`: the server does not say how large the object is.
  var total: Int?

  init(range: Range<Int>?, total: Int?) {
    self.range = range
    self.total = total
  }

  /// Nil if the text is none, or contradicts itself.
  init?(_ text: String) {
    let words = text.split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
    let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    if parts[1] != "*" {
      guard let total = Int(parts[1]), total >= 0 else { return nil }
      self.total = total
    }
    if parts[0] == "*" { return }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first >= 0, first <= last, last < Int.max
    else { return nil }
    if let total, last >= total { return nil }
    range = first..<last + 1
  }
}
