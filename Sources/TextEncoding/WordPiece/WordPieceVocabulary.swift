import Faults

/// The word pieces of a `vocab.txt`: one a line, whose number from 0 is its id.
///
/// White space at the end of a line does not count, so `\r\n` ends one as well; of equal pieces the last counts, and an
/// empty line takes an id that no text gets. Looking pieces up takes time that their lengths bound, whatever they are.
public struct WordPieceVocabulary: Sendable {
  public static let byteLimit = 64 << 20
  public static let lineLimit = 1 << 20
  /// Longer words are unknown.
  static let wordLimit = 100

  /// Pieces that stand for themselves in a text, as they are written there.
  struct SpecialTokens: Sendable {
    var padding, unknown, start, end, mask: Int32
    static let names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    /// In the order of the names.
    var ids: [Int32] { [padding, unknown, start, end, mask] }
  }

  /// Lines, and with it the ids that a model needs rows for.
  public let count: Int
  let special: SpecialTokens
  private let words: SortedPieces
  private let continuations: SortedPieces

  /// Reads the bytes of a vocabulary; `path` is for messages.
  ///
  /// - Throws: `Fault(.badData)` where it is too large, no UTF-8, or lacks a special token, with the line.
  public init(_ bytes: [UInt8], path: String) throws {
    guard bytes.count <= Self.byteLimit else {
      throw Fault(.badData, "A vocabulary has at most \(Self.byteLimit) bytes, this one has \(bytes.count)", at: path)
    }
    let ends = bytes.reduce(0) { $1 == 0x0A ? $0 + 1 : $0 }
    guard ends <= Self.lineLimit else {
      throw Fault(.badData, "A vocabulary has at most \(Self.lineLimit) lines, this one has \(ends)", at: path)
    }
    let lines = Self.lines(of: bytes)
    for (number, line) in lines.enumerated() where !Self.isText(bytes[line]) {
      throw Fault(
        .badData, "The line is no UTF-8", at: "\(path): line \(number + 1)", remedy: "Take the model's own vocab.txt")
    }
    count = lines.count
    let all = lines.enumerated().map { SortedPieces.Piece(bytes: $1, id: Int32($0)) }
    let marker: [UInt8] = Array("##".utf8)
    let isContinuation = { (piece: SortedPieces.Piece) in bytes[piece.bytes].starts(with: marker) }
    words = SortedPieces(all.filter { !isContinuation($0) }, of: bytes)
    continuations = SortedPieces(
      all.filter(isContinuation).map { .init(bytes: $0.bytes.dropFirst(marker.count), id: $0.id) }, of: bytes)
    let ids = try SpecialTokens.names.map { [words] name in
      guard let id = words.id(of: Array(name.utf8)) else {
        throw Fault(
          .badData, "The vocabulary has no \(name) among its \(lines.count) lines", at: path,
          remedy: "Take the vocab.txt of a BERT model")
      }
      return id
    }
    special = SpecialTokens(padding: ids[0], unknown: ids[1], start: ids[2], end: ids[3], mask: ids[4])
  }

  /// The ids of a word's pieces, the longest piece first from the left, or of the unknown piece alone.
  ///
  /// - Parameters:
  ///   - word: UTF-8 of at least one character.
  ///   - characterCount: characters of the word.
  func appendIDs(of word: [UInt8], characterCount: Int, to ids: inout [Int32]) {
    let before = ids.count
    var start = characterCount > Self.wordLimit ? -1 : 0
    while start >= 0, start < word.count {
      guard let piece = (start == 0 ? words : continuations).longestPrefix(of: word[start...]) else {
        start = -1
        break
      }
      ids.append(piece.id)
      start += piece.length
    }
    guard start < 0 else { return }
    ids.removeLast(ids.count - before)
    ids.append(special.unknown)
  }

  /// The ranges of the lines without what ends them; the last line may have no end.
  private static func lines(of bytes: [UInt8]) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      lines.append(start..<trimmedEnd(of: bytes, start..<end))
      start = end + 1
    }
    return lines
  }

  /// Where the white space at the end of a line begins.
  private static func trimmedEnd(of bytes: [UInt8], _ line: Range<Int>) -> Int {
    var end = line.upperBound
    while end > line.lowerBound {
      let rest = bytes[line.lowerBound..<end]
      if bytes[end - 1] == 0x20 || (0x09...0x0D).contains(bytes[end - 1]) {
        end -= 1
      } else if let space = spaces.first(where: { rest.suffix($0.count).elementsEqual($0) }) {
        end -= space.count
      } else {
        return end
      }
    }
    return end
  }

  /// Unicode's white space beyond ASCII.
  private static let spaces: [[UInt8]] =
    ("\u{85}\u{A0}\u{1680}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}".unicodeScalars
    + (0x2000...0x200A).map { Unicode.Scalar($0)! }).map { Array(String($0).utf8) }

  private static func isText(_ line: ArraySlice<UInt8>) -> Bool {
    line.allSatisfy { $0 < 0x80 } || String(validating: line, as: UTF8.self) != nil
  }
}
