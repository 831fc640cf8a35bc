extension Fault {
  private static let byteLimit = 8 << 10

  /// `text` as a person may read it: without secrets, and its first 8 KiB.
  static func told(_ text: String) -> String {
    guard text.utf8.count > byteLimit else { return withoutSecrets(text) }
    return withoutSecrets(String(decoding: text.utf8.prefix(byteLimit), as: UTF8.self)) + "…"
  }

  /// `text` with what may be a password or a signature left out of its URLs: `https://NAME:WORD@HOST/PATH?QUERY` becomes
  /// `https://HOST/PATH?…`.
  public static func withoutSecrets(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let mark = Array("://".utf8)
    var result: [UInt8] = []
    var place = 0
    while place < bytes.count {
      guard bytes[place...].starts(with: mark) else {
        result.append(bytes[place])
        place += 1
        continue
      }
      let start = place + mark.count
      let end = bytes[start...].firstIndex(where: endsURL) ?? bytes.count
      result += mark + withoutSecrets(bytes[start..<end])
      place = end
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func endsURL(_ byte: UInt8) -> Bool { byte <= 0x20 || "\"'<>`".utf8.contains(byte) }

  /// The same for what follows `://` of one URL.
  private static func withoutSecrets(_ url: ArraySlice<UInt8>) -> [UInt8] {
    var shown = url
    let query = url.firstIndex(of: UInt8(ascii: "?"))
    if let query { shown = url[..<query] }
    let authority = shown.prefix { $0 != UInt8(ascii: "/") }
    if let at = authority.lastIndex(of: UInt8(ascii: "@")) { shown = shown[(at + 1)...] }
    return Array(shown) + (query == nil ? [] : Array("?…".utf8))
  }
}
