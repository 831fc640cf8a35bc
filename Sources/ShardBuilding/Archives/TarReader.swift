import DurableFiles
import Faults

/// The files in a tar archive, one after another, by their headers; their data is passed over. One thread at a time.
///
/// Reads through a small window, so a member of a few kilobytes costs one system call with the one after it. Nothing
/// that a header says is believed before it is checked against the file's size.
final class TarReader {
  private static let windowByteCount = 8192
  private static let longNameByteLimit = 64 << 10
  private static let fieldsByteLimit = 1 << 20

  struct Member: Equatable {
    var name: String
    /// Of the header block right before the data.
    var headerOffset: Int
    var byteCount: Int
    var dataOffset: Int { headerOffset + TarHeader.blockByteCount }
  }

  let file: FileReader
  private var position = 0
  private var window: [UInt8] = []
  private var windowStart = 0

  /// Throws `Fault(.inputMissing)` without the file.
  init(path: String) throws { file = try FileReader(path) }

  /// The next file, or nil after the last. Throws `Fault(.badData)` that names archive and byte.
  func next() throws -> Member? {
    var (givenName, givenByteCount): (String?, Int?)
    while true {
      let start = position
      guard start < file.byteCount else { throw fault("The archive has no end", at: start) }
      guard let header = try header(at: start) else { return nil }
      let dataStart = start + TarHeader.blockByteCount
      guard header.kind != .scattered else { throw fault("A member in pieces (sparse or multi-volume)", at: start) }
      guard header.paddedByteCount == 0 || header.byteCount <= file.byteCount - dataStart else {
        throw fault(
          "A member of \(header.byteCount) bytes, of which \(file.byteCount - dataStart) are there", at: start)
      }
      position = min(dataStart + header.paddedByteCount, file.byteCount)
      switch header.kind {
      case .file:
        guard givenByteCount == nil || givenByteCount == header.byteCount else {
          throw fault("A member whose size is told in two ways", at: start)
        }
        return Member(name: givenName ?? header.name, headerOffset: start, byteCount: header.byteCount)
      case .longName:
        givenName = TarHeader.text(
          try data(at: dataStart, count: header.byteCount, limit: TarReader.longNameByteLimit, header: start)[...])
      case .fields:
        let bytes = try data(at: dataStart, count: header.byteCount, limit: TarReader.fieldsByteLimit, header: start)
        guard let fields = TarReader.fields(bytes) else { throw fault("Damaged pax fields", at: start) }
        if let name = fields["path"] { givenName = name }
        if let size = fields["size"] {
          guard let size = Int(size), size >= 0 else { throw fault("A pax size that is not a number", at: start) }
          givenByteCount = size
        }
      case .withoutData, .passedOver:
        // The names and fields before a folder or a link are its own.
        if header.kind == .withoutData { (givenName, givenByteCount) = (nil, nil) }
      case .scattered: break
      }
    }
  }

  /// The bytes of a member; `Fault(.badData)` where it has more than `limit`.
  func data(of member: Member, limit: Int) throws -> [UInt8] {
    try data(at: member.dataOffset, count: member.byteCount, limit: limit, header: member.headerOffset)
  }

  /// The member whose header is at a byte, as an index has it.
  static func member(at headerOffset: Int, in file: FileReader) throws -> Member {
    let block = try file.read(at: headerOffset, count: TarHeader.blockByteCount)
    guard let header = try? TarHeader.parse(block[...]), header.kind == .file,
      header.byteCount <= file.byteCount - headerOffset - TarHeader.blockByteCount
    else {
      throw changed(file.path, headerOffset)
    }
    return Member(name: header.name, headerOffset: headerOffset, byteCount: header.byteCount)
  }

  /// The fault of an archive that is not the one it was when it was indexed.
  static func changed(_ path: String, _ offset: Int) -> Fault {
    Fault(
      .badData, "No member of the archive is here any more", at: "\(path): byte \(offset)",
      remedy: "Leave archives alone while shards are built of them")
  }

  private func header(at offset: Int) throws -> TarHeader? {
    let block = try data(at: offset, count: TarHeader.blockByteCount, limit: TarHeader.blockByteCount, header: offset)
    do throws(TarHeader.Failure) { return try TarHeader.parse(block[...]) } catch {
      throw fault(error.what, at: offset)
    }
  }

  private func data(at offset: Int, count: Int, limit: Int, header: Int) throws -> [UInt8] {
    guard count <= limit else { throw fault("A member of \(count) bytes where \(limit) are enough", at: header) }
    if count > TarReader.windowByteCount { return try file.read(at: offset, count: count) }
    if offset < windowStart || offset + count > windowStart + window.count {
      let available = max(0, min(TarReader.windowByteCount, file.byteCount - offset))
      guard available >= count else { throw fault("The archive ends early", at: offset) }
      window = try file.read(at: offset, count: available)
      windowStart = offset
    }
    return Array(window[offset - windowStart..<offset - windowStart + count])
  }

  /// Records `LENGTH KEY=VALUE\n`, LENGTH counting all of the record; nil where they are not that.
  static func fields(_ bytes: [UInt8]) -> [String: String]? {
    var fields: [String: String] = [:]
    var rest = bytes[...]
    while let first = rest.first, first != 0 {
      let digits = rest.prefix { (0x30...0x39).contains($0) }
      guard digits.count <= 7, let length = Int(String(decoding: digits, as: UTF8.self)),
        length > digits.count + 1, length <= rest.count
      else { return nil }
      let record = rest.prefix(length)
      guard record[record.startIndex + digits.count] == 0x20, record.last == 0x0A else { return nil }
      let body = record.dropFirst(digits.count + 1).dropLast()
      guard let equals = body.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      fields[String(decoding: body[..<equals], as: UTF8.self)] = String(
        decoding: body[body.index(after: equals)...], as: UTF8.self)
      rest = rest.dropFirst(length)
    }
    return fields
  }

  private func fault(_ what: String, at offset: Int) -> Fault {
    Fault(.badData, what, at: "\(file.path): byte \(offset)", remedy: "Fetch or make the archive again")
  }
}
