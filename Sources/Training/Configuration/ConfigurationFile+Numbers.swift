import Foundation

extension ConfigurationFile {
  /// A YAML text with its numbers as people write them: 0.0003 and 1.0e-06, where the encoder has 3e-4 and 1e-6.
  ///
  /// A mantissa without a point is no number to readers of YAML 1.1, such as PyYAML.
  static func withPlainNumbers(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard let colon = line.range(of: ": ", options: .backwards) else { return String(line) }
      let value = line[colon.upperBound...]
      guard value.contains("e"), value.allSatisfy({ $0.isNumber || "+-.e".contains($0) }), let number = Double(value)
      else { return String(line) }
      return line[..<colon.upperBound] + plain(number)
    }.joined(separator: "\n")
  }

  private static func plain(_ number: Double) -> String {
    let shortest = "\(number)"
    guard let exponent = shortest.firstIndex(of: "e"), !shortest[..<exponent].contains(".") else { return shortest }
    return shortest[..<exponent] + ".0" + shortest[exponent...]
  }
}
