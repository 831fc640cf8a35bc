/// Numbers as a line of results shows them.
package enum Figure {
  /// `12.3 s`.
  package static func seconds(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) s"
  }

  /// `0.60 %` of a share.
  package static func percent(_ share: Double) -> String {
    let hundredths = Int((share * 10_000).rounded(.up))
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
  }
}
