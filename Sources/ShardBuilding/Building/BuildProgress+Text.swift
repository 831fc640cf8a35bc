import Telemetry

extension BuildProgress {
  /// One line of fewer than `width` columns: bar, entries, rates, time left, left out. Where it does not fit, the bar
  /// goes first, and then parts from the right.
  public func line(width: Int, usesColor: Bool = false) -> String {
    // The last column stays free: writing it makes some terminals wrap.
    let room = max(0, width - 1)
    var parts = self.parts
    while parts.count > 1, parts.joined(separator: "  ").count > room { parts.removeLast() }
    let text = String(parts.joined(separator: "  ").prefix(room))
    let length = min(room - text.count - 4, 30)
    guard length >= 10 else { return text }
    let filled = Int((Double(length) * share).rounded(.down))
    let done = String(repeating: "█", count: filled)
    let open = String(repeating: "░", count: length - filled)
    return usesColor ? "[\u{1B}[32m\(done)\u{1B}[0m\(open)]  \(text)" : "[\(done)\(open)]  \(text)"
  }

  /// The same without a bar, for a log.
  public var plainLine: String { parts.joined(separator: "  ") }

  /// The texts of a line, the most wanted first.
  private var parts: [String] {
    let percent = Double(Int(share * 1000)) / 10
    var parts = ["\(Format.grouped(doneCount))/\(Format.grouped(entryCount)) (\(percent) %)"]
    if doneCount > 0, seconds > 0 {
      parts.append(Format.rate(entriesPerSecond, "clips"))
      if let secondsLeft, !isDone { parts.append("\(Format.duration(seconds: secondsLeft)) left") }
      parts.append(Format.byteCount(Int(Double(byteCount) / seconds)) + "/s")
    }
    if leftOutCount > 0 { parts.append("\(Format.grouped(leftOutCount)) left out") }
    if keptCount > 0 { parts.append("\(Format.grouped(keptCount)) kept") }
    return parts
  }
}
