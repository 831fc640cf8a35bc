/// A number of bytes for a person: `512 bytes`, `3.25 GiB`.
struct ByteText: CustomStringConvertible {
  let byteCount: Int

  init(_ byteCount: Int) { self.byteCount = byteCount }

  var description: String {
    if byteCount < 1 << 10 { return "\(byteCount) bytes" }
    let units = ["KiB", "MiB", "GiB", "TiB"]
    let index = min((Int.bitWidth - 1 - byteCount.leadingZeroBitCount) / 10 - 1, units.count - 1)
    let hundredths = Int((Double(byteCount) / Double(1 << (10 * (index + 1))) * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) \(units[index])"
  }
}
