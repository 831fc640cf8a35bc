/// Numbers as a person reads them, in tables and on pages.
public enum Figures {
  /// `1,234,567`.
  public static func grouped(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    groups.insert(digits, at: 0)
    return (value < 0 ? "-" : "") + groups.joined(separator: ",")
  }

  /// `812 B`, `1.7 kB`, `6.6 TB`: powers of 1,000.
  public static func byteCount(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB", "TB"] {
      if abs(value) < 999.5 { return unit == "B" ? "\(count) B" : "\(decimal(value, 1)) \(unit)" }
      value /= 1000
    }
    return "\(decimal(value, 1)) PB"
  }

  /// `12.3 %`; a share that is neither nothing nor everything never reads as 0 or 100.
  public static func percent(_ share: Double) -> String {
    guard share.isFinite else { return "?" }
    let text = decimal(share * 100, 1)
    if text == "0.0", share > 0 { return "<0.1 %" }
    if text == "100.0", share < 1 { return ">99.9 %" }
    return share == 0 ? "0 %" : share == 1 ? "100 %" : "\(text) %"
  }

  /// `value` with `places` digits after the point, grouped before it.
  public static func decimal(_ value: Double, _ places: Int) -> String {
    precondition((0...9).contains(places), "\(places) digits after the point")
    guard value.isFinite, abs(value) < 1e15 else { return value.isNaN ? "?" : value < 0 ? "-∞" : "∞" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    guard let scaled = Int(exactly: (abs(value) * Double(scale)).rounded()) else { return grouped(Int(value)) }
    let sign = value < 0 && scaled != 0 ? "-" : ""
    let whole = sign + grouped(scaled / scale)
    guard places > 0 else { return whole }
    let fraction = String(scaled % scale)
    return whole + "." + String(repeating: "0", count: places - fraction.count) + fraction
  }

  /// `decimal` without grouping, for programs.
  public static func plain(_ value: Double, _ places: Int) -> String { decimal(value, places).filter { $0 != "," } }

  /// `1 shard`, `2 shards`, `1,234 shards`.
  public static func count(_ count: Int, _ noun: String, plural: String? = nil) -> String {
    "\(grouped(count)) \(count == 1 ? noun : plural ?? noun + "s")"
  }

  /// `text` in a column of `width` characters, at its right.
  public static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// `text` in a column of `width` characters, at its left.
  public static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
