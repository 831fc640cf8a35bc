import DurableFiles
import Faults

/// The sizes and the place of a member: 32 bits each in the directory, or 64 bits in an extra field.
struct ZipSizes {
  var plain: UInt64 = 0
  var stored: UInt64 = 0
  var offset: UInt64 = 0

  /// Takes what has all 32 bits set from the extra field 1 (APPNOTE.TXT 4.5.3), which must then hold it.
  mutating func widen(_ extra: [UInt8], fault: (String) -> Fault) throws {
    guard [plain, stored, offset].contains(UInt64(UInt32.max)) else { return }
    var fields = ByteReader(extra, path: "")
    while fields.remaining >= 4 {
      let kind = try fields.integer(UInt16.self, "kind")
      let length = Int(try fields.integer(UInt16.self, "length"))
      guard length <= fields.remaining else { break }
      let field = Array(try fields.bytes(length, "field"))
      guard kind == 1 else { continue }
      var numbers = ByteReader(field, path: "")
      func wide(_ value: UInt64) throws -> UInt64 {
        guard value == UInt64(UInt32.max) else { return value }
        guard numbers.remaining >= 8 else { throw fault("A ZIP64 field ends early") }
        return try numbers.integer(UInt64.self, "size")
      }
      (plain, stored, offset) = (try wide(plain), try wide(stored), try wide(offset))
      return
    }
    throw fault("A member without the ZIP64 field that its sizes need")
  }
}
