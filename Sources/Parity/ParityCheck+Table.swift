#if canImport(Glibc)
  import Glibc
#endif

extension ParityCheck {
  /// The rows as a table that ends in a verdict.
  public func table(path: String, quiet: Bool) -> String {
    let shown = quiet ? rows.filter { !$0.isWithinTolerance } : rows
    let width = shown.map(\.name.count).max() ?? 0
    var lines = shown.map { row in
      let name = row.name + String(repeating: " ", count: width - row.name.count)
      let kind = row.kind.rawValue + String(repeating: " ", count: 8 - row.kind.rawValue.count)
      return
        "  \(kind)  \(name)  \(scientific(row.error))\(row.isWithinTolerance ? "" : "  beyond \(row.tolerance)")"
    }
    let worst = Kind.allCases.map { kind in
      "\(kind.rawValue) \(scientific(rows.filter { $0.kind == kind }.map(\.error).max() ?? 0))"
    }
    let failures = rows.count { !$0.isWithinTolerance }
    let verdict = failures == 0 ? "agrees" : "\(failures) of \(rows.count) beyond tolerance"
    lines.append("\(path): \(verdict); greatest errors in \(precision.rawValue): \(worst.joined(separator: ", "))")
    return lines.joined(separator: "\n")
  }

  /// Two digits and an exponent.
  private func scientific(_ value: Double) -> String {
    guard value.isFinite, value > 0 else { return "\(value)" }
    let exponent = Int(log10(value).rounded(.down))
    let digits = (value / pow(10, Double(exponent)) * 10).rounded() / 10
    return "\(digits)e\(exponent)"
  }
}
