import Faults

/// One 512-byte header block of a tar archive (ustar, GNU, pax, v7), checked.
struct TarHeader: Equatable {
  static let blockByteCount = 512

  enum Kind: Equatable {
    case file
    /// The name of the next member (GNU `L`).
    case longName
    /// Fields of the next member (pax `x`).
    case fields
    /// Has data that is passed over: a link's long name, global fields, an extension of no interest.
    case passedOver
    /// A folder, a link, a device: has no data whatever its size says.
    case withoutData
    /// GNU sparse and multi-volume files, whose bytes do not lie in one piece.
    case scattered
  }

  var name: String
  var byteCount: Int
  var kind: Kind

  /// What is wrong with a block, without its place.
  struct Failure: Error, Equatable {
    var what: String
  }

  /// The header in a block; nil for a block of zeros, which ends an archive.
  static func parse(_ block: ArraySlice<UInt8>) throws(Failure) -> TarHeader? {
    precondition(block.count == blockByteCount, "a header of \(block.count) bytes")
    if block.allSatisfy({ $0 == 0 }) { return nil }
    func field(_ offset: Int, _ count: Int) -> ArraySlice<UInt8> {
      block[block.startIndex + offset..<block.startIndex + offset + count]
    }
    let checksum = 8 * 0x20 + block.reduce(0) { $0 + Int($1) } - field(148, 8).reduce(0) { $0 + Int($1) }
    guard octal(field(148, 8)) == checksum else { throw Failure(what: "Not a header of a tar archive (checksum)") }
    guard let byteCount = number(field(124, 12)) else { throw Failure(what: "A header whose size is not a number") }
    let name = text(field(0, 100))
    let isPOSIX = field(257, 6).elementsEqual("ustar\0".utf8)
    let prefix = isPOSIX ? text(field(345, 155)) : ""
    return TarHeader(
      name: prefix.isEmpty ? name : prefix + "/" + name, byteCount: byteCount,
      kind: kind(of: block[block.startIndex + 156], name: name))
  }

  /// Bytes from the end of the header to the next: data and its padding.
  var paddedByteCount: Int {
    kind == .withoutData ? 0 : (byteCount + TarHeader.blockByteCount - 1) / TarHeader.blockByteCount * 512
  }

  private static func kind(of flag: UInt8, name: String) -> Kind {
    switch flag {
    // In archives older than POSIX a folder is a file whose name ends in a slash.
    case 0: name.hasSuffix("/") ? .withoutData : .file
    case UInt8(ascii: "0"), UInt8(ascii: "7"): .file
    case UInt8(ascii: "1")...UInt8(ascii: "6"): .withoutData
    case UInt8(ascii: "L"): .longName
    case UInt8(ascii: "x"), UInt8(ascii: "X"): .fields
    case UInt8(ascii: "S"), UInt8(ascii: "M"): .scattered
    default: .passedOver
    }
  }

  /// Bytes up to the first NUL, as text. Names that are not UTF-8 are mended: they only have to match an id.
  static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field.prefix { $0 != 0 }, as: UTF8.self) }

  /// A size: octal digits between spaces, ended by a space or NUL, or base 256 where the first bit is set; nil for
  /// anything else, for a negative one, and for more than 2⁶⁰.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    guard let first = field.first, first >= 0x80 else { return octal(field) }
    var value = Int(first & 0x7F)
    for byte in field.dropFirst() {
      guard value < 1 << 52 else { return nil }
      value = value << 8 | Int(byte)
    }
    return value <= 1 << 60 ? value : nil
  }

  private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
    guard !digits.isEmpty else { return nil }
    var value = 0
    for digit in digits {
      guard (0x30...0x37).contains(digit) else { return nil }
      value = value << 3 | Int(digit - 0x30)  // at most 12 digits: 36 bits
    }
    return value
  }
}
