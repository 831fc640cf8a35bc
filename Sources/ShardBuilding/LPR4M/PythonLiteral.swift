import Glibc

/// A list of strings or of numbers as Python prints it, read and never evaluated.
///
/// `['a', "b\'c"]`, `[[1, 2.5], [3, 4]]`, tuples, None. Anything else is refused at its byte.
enum PythonLiteral: Equatable {
  case text(String)
  case number(Double)
  case list([PythonLiteral])
  case none

  struct Failure: Error, Equatable {
    var what: String
    var offset: Int
  }

  /// The one literal that `bytes` hold.
  static func parse(_ bytes: some RandomAccessCollection<UInt8>) throws(Failure) -> PythonLiteral {
    var reader = Reader(bytes: Array(bytes))
    let value = try reader.value(depth: 0)
    reader.skipSpaces()
    guard reader.position == reader.bytes.count else { throw reader.failure("Something after the literal") }
    return value
  }

  /// The strings of a list of strings, or nil for anything else.
  var texts: [String]? {
    guard case .list(let items) = self else { return nil }
    var texts: [String] = []
    for item in items {
      guard case .text(let text) = item else { return nil }
      texts.append(text)
    }
    return texts
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    func failure(_ what: String) -> Failure { Failure(what: what, offset: position) }

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpaces() {
      while let byte = current, byte == 0x20 || byte == 0x09 { position += 1 }
    }

    mutating func value(depth: Int) throws(Failure) -> PythonLiteral {
      guard depth < 16 else { throw failure("Lists within lists, more than 16 deep") }
      skipSpaces()
      switch current {
      case UInt8(ascii: "["): return try list(until: UInt8(ascii: "]"), depth: depth)
      case UInt8(ascii: "("): return try list(until: UInt8(ascii: ")"), depth: depth)
      case UInt8(ascii: "'"), UInt8(ascii: "\""): return .text(try string())
      case UInt8(ascii: "N"):
        guard bytes[position...].starts(with: "None".utf8) else { throw failure("Not a literal") }
        position += 4
        return PythonLiteral.none
      case .some: return .number(try number())
      case nil: throw failure("The literal ends too early")
      }
    }

    private mutating func list(until end: UInt8, depth: Int) throws(Failure) -> PythonLiteral {
      position += 1
      var items: [PythonLiteral] = []
      while true {
        skipSpaces()
        if current == end { break }
        items.append(try value(depth: depth + 1))
        skipSpaces()
        if current == end { break }
        guard current == UInt8(ascii: ",") else {
          throw failure(current == nil ? "The list does not end" : "No comma between two items")
        }
        position += 1
      }
      position += 1
      return .list(items)
    }

    private mutating func string() throws(Failure) -> String {
      let quote = bytes[position]
      position += 1
      let start = position
      var unescaped: [UInt8]?  // only where there is an escape
      while let byte = current {
        position += 1
        if byte == quote {
          let text =
            unescaped.map { String(validating: $0, as: UTF8.self) }
            ?? String(validating: bytes[start..<position - 1], as: UTF8.self)
          guard let text else { throw failure("Not UTF-8") }
          return text
        }
        guard byte == UInt8(ascii: "\\") else {
          unescaped?.append(byte)
          continue
        }
        var text = unescaped ?? Array(bytes[start..<position - 1])
        guard let escaped = current else { break }
        position += 1
        switch escaped {
        case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(escaped)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        default: throw failure("An escape that is not \\' \\\" \\\\ \\n \\t")
        }
        unescaped = text
      }
      throw failure("The string does not end")
    }

    private mutating func number() throws(Failure) -> Double {
      let start = position
      while let byte = current, PythonLiteral.isPartOfNumber(byte) { position += 1 }
      let number = PythonLiteral.number(bytes[start..<position])
      guard let number, number.isFinite else {
        position = start
        throw failure("Not a string, a number or a list")
      }
      return number
    }
  }

  private static func isPartOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// The number that all of `text` is.
  private static func number(_ text: ArraySlice<UInt8>) -> Double? {
    guard (1...63).contains(text.count) else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      for (place, byte) in text.enumerated() { buffer[place] = CChar(bitPattern: byte) }
      buffer[text.count] = 0
      var end: UnsafeMutablePointer<CChar>?
      let number = strtod(buffer.baseAddress!, &end)
      return end == buffer.baseAddress! + text.count ? number : nil
    }
  }
}
