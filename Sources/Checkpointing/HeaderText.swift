import Faults

/// A reader of the JSON that a safetensors header may hold: objects, strings and lists of whole numbers, each where
/// the caller expects it. So no depth of nesting can exhaust the stack, and nothing is built that was not asked for.
struct HeaderText {
  /// The most numbers of a list: no tensor has as many dimensions.
  private static let listLimit = 64

  private let bytes: [UInt8]
  private let path: String
  private let offset: Int
  private var position = 0

  /// - Parameter offset: Where `bytes` start in the file, for messages.
  init(_ bytes: [UInt8], path: String, offset: Int) {
    self.bytes = bytes
    self.path = path
    self.offset = offset
  }

  func fault(_ what: String) -> Fault { Fault(.badData, what, at: "\(path): header, byte \(offset &+ position)") }

  /// Reads an object; `value` reads what belongs to each key.
  mutating func object(_ value: (String, inout HeaderText) throws -> Void) throws {
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try string("key")
      try expect(":")
      try value(key, &self)
    } while take(",")
    try expect("}")
  }

  /// Reads a list of whole numbers of at least 0.
  mutating func integers(_ field: String) throws -> [Int] {
    try expect("[")
    if take("]") { return [] }
    var result: [Int] = []
    repeat {
      guard result.count < HeaderText.listLimit else {
        throw fault("More than \(HeaderText.listLimit) numbers in \(field)")
      }
      result.append(try integer(field))
    } while take(",")
    try expect("]")
    return result
  }

  /// Throws unless only blanks follow.
  mutating func end() throws {
    skipBlanks()
    guard position == bytes.count else { throw fault("The header goes on after its end") }
  }

  private mutating func integer(_ field: String) throws -> Int {
    skipBlanks()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit <= 9 {
      let (tens, first) = value.multipliedReportingOverflow(by: 10)
      let (sum, second) = tens.addingReportingOverflow(Int(digit))
      guard !first, !second else { throw fault("A number in \(field) is too large") }
      value = sum
      position += 1
    }
    guard position > start else { throw fault("Expected a whole number of at least 0 in \(field)") }
    guard position == start + 1 || bytes[start] != UInt8(ascii: "0") else {
      throw fault("A number in \(field) starts with 0")
    }
    return value
  }

  mutating func string(_ field: String) throws -> String {
    try expect("\"")
    var text: [UInt8] = []
    while true {
      guard position < bytes.count else { throw fault("The \(field) does not end") }
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else {
          throw fault("The \(field) is not valid UTF-8")
        }
        return result
      case UInt8(ascii: "\\"):
        text.append(contentsOf: try escape().utf8)
      case 0..<0x20:
        throw fault("A control character in the \(field)")
      default:
        text.append(byte)
      }
    }
  }

  private mutating func escape() throws -> String {
    guard position < bytes.count else { throw fault("An escape does not end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(UnicodeScalar(byte))
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try hexadecimal()
      if let scalar = UnicodeScalar(unit) { return String(scalar) }
      // A pair of surrogates stands for one character.
      guard unit < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u")
      else { throw fault("Half a surrogate pair") }
      position += 2
      let low = try hexadecimal()
      guard (0xDC00...0xDFFF).contains(low),
        let scalar = UnicodeScalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
      else { throw fault("Half a surrogate pair") }
      return String(scalar)
    default:
      throw fault("An unknown escape")
    }
  }

  private mutating func hexadecimal() throws -> UInt16 {
    guard bytes.count - position >= 4 else { throw fault("An escape does not end") }
    var value: UInt16 = 0
    for byte in bytes[position..<position + 4] {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw fault("An escape is not hexadecimal")
      }
      value = value << 4 | UInt16(digit)
    }
    position += 4
    return value
  }

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private mutating func take(_ character: Character) -> Bool {
    skipBlanks()
    guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws {
    guard take(character) else {
      throw fault(position < bytes.count ? "Expected \(character)" : "The header ends where \(character) was expected")
    }
  }
}
