/// Distinct pieces in the order of their bytes, and the longest of them that a word begins with.
///
/// Looking up narrows a range of pieces byte by byte: no choice of pieces makes it slower than their lengths, and its
/// memory is that of the file and 24 bytes a piece.
struct SortedPieces: Sendable {
  struct Piece: Sendable {
    /// Where in the vocabulary it stands.
    var bytes: Range<Int>
    var id: Int32
  }

  private let bytes: [UInt8]
  private let pieces: [Piece]
  /// The pieces that begin with a character, by its bytes as one number.
  private let byFirst: [UInt32: Range<Int>]

  /// Of pieces that are equal the one with the highest id stays; empty ones go.
  init(_ unsorted: [Piece], of bytes: [UInt8]) {
    let sorted = unsorted.filter { !$0.bytes.isEmpty }.sorted { a, b in
      let order = Self.compare(bytes, a.bytes, b.bytes)
      return order != 0 ? order < 0 : a.id < b.id
    }
    let pieces = sorted.indices.filter {
      $0 + 1 == sorted.count || Self.compare(bytes, sorted[$0].bytes, sorted[$0 + 1].bytes) != 0
    }.map { sorted[$0] }
    var byFirst: [UInt32: Range<Int>] = [:]
    for (place, piece) in pieces.enumerated() {
      let first = Self.firstCharacter(of: bytes[piece.bytes]).key
      byFirst[first] = (byFirst[first]?.lowerBound ?? place)..<(place + 1)
    }
    (self.bytes, self.pieces, self.byFirst) = (bytes, pieces, byFirst)
  }

  /// The id of a piece.
  func id(of piece: [UInt8]) -> Int32? {
    guard let found = longestPrefix(of: piece[...]), found.length == piece.count else { return nil }
    return found.id
  }

  /// The longest piece that `text`, which is not empty, begins with.
  func longestPrefix(of text: ArraySlice<UInt8>) -> (id: Int32, length: Int)? {
    let first = Self.firstCharacter(of: text)
    guard var range = byFirst[first.key] else { return nil }
    var depth = first.length
    var found: (id: Int32, length: Int)?
    while true {
      // Of the pieces that share `depth` bytes the shortest comes first.
      if pieces[range.lowerBound].bytes.count == depth { found = (pieces[range.lowerBound].id, depth) }
      guard text.startIndex + depth < text.endIndex else { return found }
      let next = Int(text[text.startIndex + depth])
      let start = firstPlace(in: range) { byte($0, depth) >= next }
      range = start..<firstPlace(in: start..<range.upperBound) { byte($0, depth) > next }
      guard !range.isEmpty else { return found }
      depth += 1
    }
  }

  /// A byte of a piece; −1 behind its end.
  private func byte(_ place: Int, _ depth: Int) -> Int {
    let piece = pieces[place].bytes
    return depth < piece.count ? Int(bytes[piece.lowerBound + depth]) : -1
  }

  /// The first place for which `isBehind`, false before and true from it on, holds.
  private func firstPlace(in range: Range<Int>, _ isBehind: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// The bytes of the first character as a number, and how many they are.
  private static func firstCharacter(of text: ArraySlice<UInt8>) -> (key: UInt32, length: Int) {
    let lead = text[text.startIndex]
    let length = min(lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, text.count)
    return (text.prefix(length).reduce(0) { $0 << 8 | UInt32($1) }, length)
  }

  private static func compare(_ bytes: [UInt8], _ a: Range<Int>, _ b: Range<Int>) -> Int {
    for (x, y) in zip(bytes[a], bytes[b]) where x != y { return x < y ? -1 : 1 }
    return a.count - b.count
  }
}
