/// Text from data inside a page: what it says is shown, never obeyed.
enum HTMLText {
  /// `text` for element content and quoted attributes. Control characters become U+FFFD, and so do the marks that turn
  /// the direction of writing: a title must not rearrange the page around it.
  static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n", "\r": result += " "
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{FFFE}",
        "\u{FFFF}":
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// `text` with a capital at its start.
  static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

  /// The first `limit` characters, with `…` where there were more.
  static func shortened(_ text: String, _ limit: Int) -> String {
    let head = text.prefix(limit + 1)
    return head.count <= limit ? text : head.prefix(limit - 1) + "…"
  }
}
