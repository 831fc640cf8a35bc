/// One value of a metrics line.
public enum MetricValue: Sendable, Equatable {
  case integer(Int)
  case number(Double)
  case text(String)
  case flag(Bool)

  /// The value as JSON. JSON has no NaN and no infinity: they become the texts `"NaN"`, `"Infinity"`, `"-Infinity"`.
  var json: String {
    switch self {
    case .integer(let value): return String(value)
    case .number(let value) where value.isNaN: return "\"NaN\""
    case .number(let value) where value.isInfinite: return value < 0 ? "\"-Infinity\"" : "\"Infinity\""
    case .number(let value): return "\(value)"
    case .text(let text): return Self.quoted(text)
    case .flag(let value): return value ? "true" : "false"
    }
  }

  /// `text` as a JSON string, on one line.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension MetricValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
  ExpressibleByBooleanLiteral
{
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .text(value) }
  public init(booleanLiteral value: Bool) { self = .flag(value) }
}
