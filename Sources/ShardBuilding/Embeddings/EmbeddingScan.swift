import DurableFiles
import Faults
import ShardFormat

/// One pass over an embedding file, `{"id": [numbers], …}`, of any size: where each vector starts.
///
/// Holds a window of the file and the table. Every vector must have as many numbers as the first; that each is a
/// number is found out when it is read.
struct EmbeddingScan {
  static let idByteLimit = 4096

  private let file: FileReader
  /// Goes before an id where it is hashed.
  private let prefix: [UInt8]
  private let windowByteCount: Int
  private let progress: (Int) -> Void
  private let hasher = XXH3.Hasher()
  private var window: [UInt8] = []
  private var windowStart = 0
  private var index = 0  // in `window`

  private init(
    _ file: FileReader, prefix: String, windowByteCount: Int, progress: @escaping (Int) -> Void
  ) {
    self.file = file
    self.prefix = Array(prefix.utf8)
    self.windowByteCount = windowByteCount
    self.progress = progress
  }

  /// Bytes a vector may take: more is not one number after another.
  static func vectorByteLimit(width: Int) -> Int { 4096 + 64 * width }

  /// The table of a file. `progress` gets the bytes of each window. Throws `Fault(.badData)` with the byte.
  static func table(
    of path: String, prefix: String, windowByteCount: Int = 4 << 20, progress: @escaping (Int) -> Void = { _ in }
  ) throws -> EmbeddingTable {
    var scan = EmbeddingScan(
      try FileReader(path), prefix: prefix, windowByteCount: windowByteCount, progress: progress)
    return try scan.table()
  }

  private mutating func table() throws -> EmbeddingTable {
    var entries: [(key: UInt64, offset: UInt64)] = []
    var width = 0
    try expect(UInt8(ascii: "{"), "Not a JSON object")
    guard try nextAfterSpaces() != UInt8(ascii: "}") else { throw fault("No embeddings") }
    while true {
      let key = try identifier()
      try expect(UInt8(ascii: ":"), "No colon after an id")
      guard try nextAfterSpaces() == UInt8(ascii: "[") else { throw fault("No list after an id") }
      let offset = position
      let count = try passVector(width: width)
      if width == 0 { width = count }
      guard count == width else {
        throw fault("A vector of \(count) numbers where the first has \(width)", at: offset)
      }
      entries.append((key, UInt64(offset)))
      let separator = try nextAfterSpaces()
      index += 1
      if separator == UInt8(ascii: "}") { break }
      guard separator == UInt8(ascii: ",") else { throw fault("No comma between two vectors", at: position - 1) }
    }
    if let byte = try nextAfterSpaces() { throw fault("Something after the object (\(byte))") }
    entries.sort { ($0.key, $0.offset) < ($1.key, $1.offset) }
    for (one, other) in zip(entries, entries.dropFirst()) where one.key == other.key {
      throw Fault(
        .badData, "The same id twice", at: "\(file.path): byte \(one.offset) and byte \(other.offset)",
        remedy: "Make the file anew")
    }
    return EmbeddingTable(
      width: width, digest: hasher.digest, keys: entries.map(\.key), offsets: entries.map(\.offset))
  }

  private var position: Int { windowStart + index }

  /// The byte at `position`, nil at the end of the file.
  private mutating func current() throws -> UInt8? {
    if index == window.count {
      windowStart += window.count
      index = 0
      window = try file.read(at: windowStart, count: min(windowByteCount, file.byteCount - windowStart))
      hasher.update(window)
      progress(window.count)
    }
    return index < window.count ? window[index] : nil
  }

  private mutating func nextAfterSpaces() throws -> UInt8? {
    while let byte = try current() {
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      index += 1
    }
    return nil
  }

  private mutating func expect(_ byte: UInt8, _ what: String) throws {
    guard try nextAfterSpaces() == byte else { throw fault(what) }
    index += 1
  }

  /// The hash of the id between quotes.
  private mutating func identifier() throws -> UInt64 {
    guard try nextAfterSpaces() == UInt8(ascii: "\"") else { throw fault("No id between quotes") }
    let start = position
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    var escaped = false
    index += 1
    while let byte = try current() {
      index += 1
      bytes.append(byte)
      guard bytes.count <= EmbeddingScan.idByteLimit else {
        throw fault("An id of more than \(EmbeddingScan.idByteLimit) bytes", at: start)
      }
      if !escaped, byte == UInt8(ascii: "\"") {
        guard let id = (try? JSONParser.parse(bytes))?.string, !id.isEmpty else { throw fault("Not an id", at: start) }
        return XXH3.hash(prefix + id.utf8)
      }
      escaped = !escaped && byte == UInt8(ascii: "\\")
    }
    throw fault("The file ends within an id", at: start)
  }

  /// Bytes that lists of numbers are made of, up to their end.
  private static let isPartOfNumbers: [Bool] = (0...255).map { byte in
    "0123456789+-.eE, \t\r\n".utf8.contains(UInt8(byte))
  }

  /// Passes a list of numbers from its bracket on, and counts them.
  private mutating func passVector(width: Int) throws -> Int {
    let start = position
    let limit = EmbeddingScan.vectorByteLimit(width: width == 0 ? ShardLimits.maximumTextWidth : width)
    index += 1
    var commaCount = 0
    while try current() != nil {
      // As far as this window goes, without a check of the window at each byte.
      let (end, commas) = window.withUnsafeBufferPointer { bytes in
        EmbeddingScan.isPartOfNumbers.withUnsafeBufferPointer { isPart in
          var (place, commas) = (index, 0)
          while place < bytes.count, isPart[Int(bytes[place])] {
            if bytes[place] == UInt8(ascii: ",") { commas += 1 }
            place += 1
          }
          return (place, commas)
        }
      }
      index = end
      commaCount += commas
      guard position - start <= limit else { throw fault("A vector of more than \(limit) bytes", at: start) }
      guard index < window.count else { continue }
      guard window[index] == UInt8(ascii: "]") else {
        throw fault("Not a finite number in a vector")
      }
      index += 1
      let count = commaCount + 1
      guard count <= ShardLimits.maximumTextWidth else {
        throw fault("A vector of \(count) numbers, more than \(ShardLimits.maximumTextWidth)", at: start)
      }
      return count
    }
    throw fault("The file ends within a vector", at: start)
  }

  private func fault(_ what: String, at offset: Int? = nil) -> Fault {
    Fault(
      .badData, what, at: "\(file.path): byte \(offset ?? position)",
      remedy: "The file is one JSON object of lists of numbers, {\"id\": [0.1, …], …}")
  }
}
