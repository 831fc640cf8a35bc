/// Numbers as a person reads them: short, with their unit.
public enum Format {
  /// `0.250 s`, `12.3 s`, `4 min 05 s`, `3 h 12 min`, `2 d 05 h`.
  public static func duration(seconds: Double) -> String {
    guard seconds.isFinite else { return "unknown" }
    if seconds < 0 { return "-" + duration(seconds: -seconds) }
    if seconds < 0.9995 { return fixed(seconds, 3) + " s" }
    if seconds < 59.95 { return fixed(seconds, 1) + " s" }
    let whole = Int(min(seconds, 1e12).rounded())
    if whole < 3_600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
    let minutes = whole / 60
    if minutes < 24 * 60 { return "\(minutes / 60) h \(twoDigits(minutes % 60)) min" }
    return "\(minutes / 1_440) d \(twoDigits(minutes % 1_440 / 60)) h"
  }

  /// `512 bytes`, `1.5 KiB`, `4.0 MiB`, `2.3 GiB`.
  public static func byteCount(_ count: Int) -> String {
    if count.magnitude < 1_024 { return count == 1 ? "1 byte" : "\(count) bytes" }
    var value = Double(count)
    var unit = 0
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    while abs(value) >= 1_023.95 && unit < units.count - 1 {
      value /= 1_024
      unit += 1
    }
    return fixed(value, 1) + " " + units[unit]
  }

  /// `12.3 pairs/s`, `1,234 pairs/s`; below 10 with two decimals.
  public static func rate(_ perSecond: Double, _ unit: String) -> String {
    guard perSecond.isFinite else { return "? \(unit)/s" }
    let magnitude = abs(perSecond)
    let number =
      magnitude >= 999.5
      ? grouped(Int(max(-1e15, min(perSecond, 1e15)).rounded())) : fixed(perSecond, magnitude < 9.995 ? 2 : 1)
    return "\(number) \(unit)/s"
  }

  /// `0.1234`, `12.35`, `1.2e-07`: four significant digits, for losses and norms.
  public static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "Inf" }
    let magnitude = abs(value)
    if magnitude == 0 { return "0.0000" }
    if magnitude < 0.001 || magnitude >= 1e6 {
      let exponent = Int(logarithm10(magnitude))
      let scaled = value / power10(exponent)
      let digits = fixed(scaled, 1)
      // 9.96e-4 rounds to 10.0e-4.
      if digits.hasPrefix("10.") || digits.hasPrefix("-10.") {
        return fixed(scaled / 10, 1) + "e\(exponent + 1)"
      }
      return digits + "e\(exponent)"
    }
    return fixed(value, magnitude < 1 ? 4 : magnitude < 10 ? 3 : magnitude < 100 ? 2 : 1)
  }

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

  /// `value` with `decimals` digits after the point, ties away from zero; at most 1e15 in magnitude.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    let scale = power10(decimals)
    let scaled = Int((min(abs(value), 1e15 / scale) * scale).rounded())
    let whole = scaled / Int(scale)
    let sign = value < 0 && scaled != 0 ? "-" : ""
    if decimals == 0 { return "\(sign)\(whole)" }
    let fraction = String(scaled % Int(scale))
    return "\(sign)\(whole)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

  private static func power10(_ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<abs(exponent) { result *= 10 }
    return exponent < 0 ? 1 / result : result
  }

  /// The exponent of the leading digit of a positive number.
  private static func logarithm10(_ value: Double) -> Double {
    var exponent = 0.0
    var rest = value
    while rest >= 10 {
      rest /= 10
      exponent += 1
    }
    while rest < 1 {
      rest *= 10
      exponent -= 1
    }
    return exponent
  }
}
