/// A length of time as people write it: `3h50m`, `90m`, `45s`, `1d`, or a number of seconds.
public struct TimeSpan: Sendable, Equatable {
  public let seconds: Int

  /// nil where the text is none, or no time at all.
  public init?(_ text: String) {
    if let seconds = TimeSpan.number(text[...]) {
      self.seconds = seconds
    } else {
      guard let seconds = TimeSpan.sum(text) else { return nil }
      self.seconds = seconds
    }
    guard seconds > 0 else { return nil }
  }

  /// The greater unit first, each at most once.
  private static let units: [(name: Character, seconds: Int)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]

  private static func sum(_ text: String) -> Int? {
    var rest = text[...]
    var sum = 0
    for unit in units {
      guard let mark = rest.firstIndex(of: unit.name) else { continue }
      guard let count = number(rest[..<mark]) else { return nil }
      sum += count * unit.seconds
      rest = rest[rest.index(after: mark)...]
    }
    return rest.isEmpty ? sum : nil
  }

  /// Of at most nine digits, so that no sum overflows.
  private static func number(_ digits: Substring) -> Int? {
    guard (1...9).contains(digits.count), digits.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
    return Int(digits)
  }
}
