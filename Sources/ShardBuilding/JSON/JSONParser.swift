/// Reads one JSON text (RFC 8259), strictly: no trailing comma, no comment, no name twice in an object.
///
/// Whatever the bytes are, the result is a value or a `Failure` with its byte; nesting and the number of values are
/// bounded.
struct JSONParser {
  struct Failure: Error, Equatable {
    var what: String
    var offset: Int
  }

  private static let depthLimit = 64
  /// Of all values of a text: a value of two bytes takes some fifty in memory.
  private static let valueLimit = 1 << 24

  private let bytes: [UInt8]
  private var position = 0
  private var valuesLeft: Int

  private init(_ bytes: [UInt8], _ valueLimit: Int) {
    self.bytes = bytes
    valuesLeft = valueLimit
  }

  /// The one value that `bytes` hold.
  static func parse(_ bytes: [UInt8], valueLimit: Int = JSONParser.valueLimit) throws(Failure) -> JSONValue {
    var parser = JSONParser(bytes, valueLimit)
    let value = try parser.value(depth: 0)
    parser.skipSpaces()
    guard parser.position == bytes.count else { throw parser.failure("Something after the value") }
    return value
  }

  private func failure(_ what: String) -> Failure { Failure(what: what, offset: position) }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpaces() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func value(depth: Int) throws(Failure) -> JSONValue {
    guard depth < JSONParser.depthLimit else { throw failure("Nested more than \(JSONParser.depthLimit) deep") }
    guard valuesLeft > 0 else { throw failure("Too many values") }
    valuesLeft -= 1
    skipSpaces()
    switch current {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try list(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case .some: return .number(try number())
    case nil: throw failure("The text ends too early")
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
    let matches = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
    guard matches else { throw failure("Not a value") }
    position += word.utf8CodeUnitCount
    return value
  }

  private mutating func list(depth: Int) throws(Failure) -> JSONValue {
    position += 1
    var items: [JSONValue] = []
    skipSpaces()
    if current == UInt8(ascii: "]") {
      position += 1
      return .list(items)
    }
    while true {
      items.append(try value(depth: depth + 1))
      if try ends(UInt8(ascii: "]")) { return .list(items) }
    }
  }

  private mutating func object(depth: Int) throws(Failure) -> JSONValue {
    position += 1
    var members: [JSONValue.Member] = []
    var names = Set<String>()  // only of a large object
    skipSpaces()
    if current == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      skipSpaces()
      guard current == UInt8(ascii: "\"") else { throw failure("No name of a member") }
      let start = position
      let name = try string()
      let isNew =
        members.count < 16 ? !members.contains { $0.name == name } : names.insert(name).inserted
      if members.count == 15 { names = Set(members.map(\.name) + [name]) }
      guard isNew else {
        position = start
        throw failure("The name \"\(name.prefix(80))\" twice in one object")
      }
      skipSpaces()
      guard current == UInt8(ascii: ":") else { throw failure("No colon after a name") }
      position += 1
      members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
      if try ends(UInt8(ascii: "}")) { return .object(members) }
    }
  }

  /// Passes a comma (false) or the closing bracket (true).
  private mutating func ends(_ bracket: UInt8) throws(Failure) -> Bool {
    skipSpaces()
    guard let byte = current, byte == bracket || byte == UInt8(ascii: ",") else {
      throw failure(current == nil ? "The text ends too early" : "No comma between two values")
    }
    position += 1
    return byte == bracket
  }

  private mutating func string() throws(Failure) -> String {
    position += 1
    let start = position
    var text: [UInt8]?  // only where there is an escape
    while let byte = current {
      if byte == UInt8(ascii: "\"") {
        let decoded =
          text.map { String(validating: $0, as: UTF8.self) }
          ?? String(validating: bytes[start..<position], as: UTF8.self)
        guard let decoded else { throw failure("Not UTF-8") }
        position += 1
        return decoded
      }
      guard byte >= 0x20 else { throw failure("A control character in a string") }
      if byte == UInt8(ascii: "\\") {
        var unescaped = text ?? Array(bytes[start..<position])
        position += 1
        try escape(into: &unescaped)
        text = unescaped
      } else {
        text?.append(byte)
        position += 1
      }
    }
    throw failure("The string does not end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(Failure) {
    guard let byte = current else { throw failure("The string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code) {
        guard bytes[position...].starts(with: "\\u".utf8) else { throw failure("Half of a surrogate pair") }
        position += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("Half of a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("Half of a surrogate pair") }
      text.append(contentsOf: UTF8.encode(scalar)!)  // every scalar has UTF-8
    default: throw failure("Not an escape")
    }
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch current {
      case let byte? where (0x30...0x39).contains(byte): digit = byte - 0x30
      case let byte? where (0x61...0x66).contains(byte): digit = byte - 0x61 + 10
      case let byte? where (0x41...0x46).contains(byte): digit = byte - 0x41 + 10
      default: throw failure("Not four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }

  private mutating func number() throws(Failure) -> String {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    let leading = current
    let whole = digits()
    guard whole > 0, whole == 1 || leading != UInt8(ascii: "0") else {
      position = start
      throw failure("Not a value")
    }
    if current == UInt8(ascii: ".") {
      position += 1
      guard digits() > 0 else { throw failure("No digit after the point") }
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      guard digits() > 0 else { throw failure("No digit in the exponent") }
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }
}
