import DurableFiles
import Faults
import Glibc

/// Text files laid end to end, and their lines at any byte.
///
/// A line ends with a line feed, a carriage return before it belongs to neither; the last line may go without. A line
/// of spaces and tabs alone is none, and a byte order mark at the start of a file is passed over.
struct LineFiles: Sendable {
  /// A longer line is a fault, not memory without bound.
  static let lineByteLimit = 16 << 20

  let files: [FileReader]
  /// The first byte of each file, and the end of the last.
  let bases: [Int]
  let lineByteLimit: Int

  init(_ paths: [String], lineByteLimit: Int = LineFiles.lineByteLimit) throws {
    files = try paths.map { try FileReader($0) }
    bases = files.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.byteCount) }
    self.lineByteLimit = lineByteLimit
  }

  var byteCount: Int { bases[bases.count - 1] }

  /// The file of a byte, and the byte's place in it; `position` is below `byteCount`.
  func locate(_ position: Int) -> (file: Int, offset: Int) {
    // A source is a few files: the last whose base is not beyond, which passes over empty ones.
    let file = bases.dropLast().lastIndex { $0 <= position } ?? 0
    return (file, position - bases[file])
  }

  /// The line that starts at `start`; its end is looked for before `end`, where the next begins.
  func line(at start: Int, before end: Int) throws -> [UInt8] {
    let (file, offset) = locate(start)
    let limit = min(end, bases[file + 1]) - start
    var count = min(limit, 1 << 16)
    while true {
      let read = try files[file].read(at: offset, count: count)
      var bytes = read[...]
      if let feed = bytes.firstIndex(of: 0x0A) {
        bytes = bytes[..<feed]
      } else if count < limit {
        guard count <= lineByteLimit else { throw tooLong(file, offset) }
        count = min(limit, 4 * count)
        continue
      }
      guard bytes.count <= lineByteLimit else { throw tooLong(file, offset) }
      return Array(LineFiles.trimmed(bytes, offset: offset))
    }
  }

  /// A line without the carriage return at its end, and without the byte order mark at the start of its file.
  static func trimmed(_ line: ArraySlice<UInt8>, offset: Int) -> ArraySlice<UInt8> {
    let line = line.last == 0x0D ? line.dropLast() : line
    return offset == 0 && line.starts(with: [0xEF, 0xBB, 0xBF]) ? line.dropFirst(3) : line
  }

  func tooLong(_ file: Int, _ offset: Int) -> Fault {
    Fault(
      .badData, "A line of more than \(lineByteLimit) bytes", at: place(file, offset),
      remedy: "Check that the file is one of lines")
  }

  /// `FILE, line N`: counts the lines before, which takes a while in a large file, so only for messages.
  func place(_ file: Int, _ offset: Int) -> String {
    var (number, position) = (1, 0)
    while position < offset {
      let count = min(1 << 22, offset - position)
      guard let bytes = try? files[file].read(at: position, count: count) else {
        return "\(files[file].path), byte \(offset)"
      }
      number += bytes.withUnsafeBytes { $0.reduce(0) { $1 == 0x0A ? $0 + 1 : $0 } }
      position += count
    }
    return "\(files[file].path), line \(number)"
  }
}
