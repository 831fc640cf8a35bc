import DurableFiles
import Faults
import Glibc

/// Vectors by id, in a JSON file `{"id": [numbers], …}`, each read when it is asked for.
final class EmbeddingFile: Sendable {
  /// A number beyond is no embedding of a text.
  static let magnitudeLimit: Float = 1e6

  private let file: FileReader
  let table: EmbeddingTable

  /// - Parameter table: what `EmbeddingScan` made of the same file.
  init(path: String, table: EmbeddingTable) throws {
    file = try FileReader(path)
    self.table = table
  }

  var path: String { file.path }

  /// The vector of a key (the hash of a prefix and an id); nil where the file has none.
  ///
  /// Throws `Fault(.badData)` where it holds something that is not a finite number below the limit.
  func vector(of key: UInt64) throws -> [Float]? {
    guard let offset = table.offset(of: key) else { return nil }
    let limit = min(EmbeddingScan.vectorByteLimit(width: table.width), file.byteCount - offset)
    var count = min(limit, 16 * table.width + 64)
    while true {
      let bytes = try file.read(at: offset, count: count)
      if let values = try EmbeddingFile.values(bytes, width: table.width, { fault($0, offset) }) { return values }
      guard count < limit else { throw fault("A vector without its end", offset) }
      count = min(limit, 2 * count)
    }
  }

  /// The numbers of a list that starts `bytes`; nil where it does not end in them.
  static func values(_ bytes: [UInt8], width: Int, _ fault: (String) -> Fault) throws -> [Float]? {
    guard bytes.first == UInt8(ascii: "[") else { throw fault("No vector here any more") }
    guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
    var values: [Float] = []
    values.reserveCapacity(width)
    var place = 1
    func skipSpaces() {
      while place < end, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }
    while values.count < width {
      skipSpaces()
      let start = place
      while place < end, "0123456789+-.eE".utf8.contains(bytes[place]) { place += 1 }
      // The text of a number and nothing else, so that strtof sees no "inf" or "0x1p3".
      let text = bytes[start..<place] + [0]
      let value = text.withUnsafeBytes { buffer -> Float? in
        let base = buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
        var rest: UnsafeMutablePointer<CChar>?
        let value = strtof(base, &rest)
        return rest == UnsafeMutablePointer(mutating: base) + (buffer.count - 1) && buffer.count > 1 ? value : nil
      }
      guard let value, abs(value) <= magnitudeLimit else {
        throw fault("Number \(values.count + 1) of a vector is not finite and at most \(Int(magnitudeLimit))")
      }
      values.append(value)
      skipSpaces()
      guard values.count == width ? place == end : place < end && bytes[place] == UInt8(ascii: ",") else {
        throw fault("No comma after number \(values.count) of a vector")
      }
      place += 1
    }
    return values
  }

  private func fault(_ what: String, _ offset: Int) -> Fault {
    Fault(.badData, what, at: "\(file.path): byte \(offset)", remedy: "Make the file anew")
  }
}
