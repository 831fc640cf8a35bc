@testable import TextEncoding

extension FuzzTarget {
  /// A vocabulary and, behind a byte 0, a text. The first byte holds the tokenizer's options, and whether the special
  /// tokens are put in front of the vocabulary, which is nothing without them.
  static let vocabulary = FuzzTarget(name: "vocabulary") {
    let pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n鞋\nsho\n##es\n##é\ne\n"
    return [
      [0] + Array((pieces + "\0Schuh, shoes [MASK] É 红鞋").utf8),
      [specialMark | 1] + Array("a\r\n##a\u{3000}\n##\n\na\n\0aaa \u{301}a".utf8),
      [specialMark | 14] + Array("\0".utf8),
    ]
  } parse: { bytes in
    guard let mark = bytes.first else { return }
    let parts = bytes.dropFirst().split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let names = mark & specialMark != 0 ? WordPieceVocabulary.SpecialTokens.names.joined(separator: "\n") + "\n" : ""
    let lines = Array(names.utf8) + parts[0]
    let text = String(decoding: parts.dropFirst().first ?? [], as: UTF8.self)

    let vocabulary = try WordPieceVocabulary(lines, path: "vocab.txt")
    let reference = ReferenceWordPieces(lines)
    try Finding.unless(vocabulary.count == reference.count, "\(vocabulary.count) lines, not \(reference.count)")
    for word in text.split(separator: " ") {
      var ids: [Int32] = []
      vocabulary.appendIDs(of: Array(word.utf8), characterCount: word.unicodeScalars.count, to: &ids)
      let expected = reference.ids(of: Array(word.utf8), unknown: vocabulary.special.unknown)
      let isLong = word.unicodeScalars.count > WordPieceVocabulary.wordLimit
      try Finding.unless(ids == (isLong ? [vocabulary.special.unknown] : expected), "\(word) is \(ids)")
    }

    let options = WordPieceOptions(
      lowersCase: mark & 1 == 0, stripsAccents: mark & 2 == 0 ? nil : mark & 4 == 0, separatesChinese: mark & 8 == 0)
    let tokenizer = WordPieceTokenizer(vocabulary, options: options)
    let ids = tokenizer.ids(of: text, limit: .max)
    try Finding.unless(ids.allSatisfy { (0..<Int32(vocabulary.count)).contains($0) }, "an id that is no line: \(ids)")
    try Finding.unless(
      ids.first == vocabulary.special.start && ids.last == vocabulary.special.end,
      "not between [CLS] and [SEP]: \(ids)")
    for limit in [2, 3, 8] where ids.count > limit {
      let cut = Array(ids.prefix(limit - 1)) + [vocabulary.special.end]
      try Finding.unless(tokenizer.ids(of: text, limit: limit) == cut, "another beginning within \(limit) tokens")
    }
  }

  private static let specialMark: UInt8 = 16
}

/// A second reader of vocabularies, written for simplicity: one dictionary for each kind of piece, and of every length
/// from the longest down the first that is there.
private struct ReferenceWordPieces {
  let count: Int
  private var words: [[UInt8]: Int32] = [:]
  private var continuations: [[UInt8]: Int32] = [:]
  private let greatestLength: Int

  init(_ bytes: [UInt8]) {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    (count, greatestLength) = (lines.count, lines.map(\.count).max() ?? 0)
    for (id, line) in lines.enumerated() {
      var scalars = Substring(String(decoding: line, as: UTF8.self)).unicodeScalars
      while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
      let piece = Array(String(scalars).utf8)
      if piece.starts(with: Array("##".utf8)) {
        continuations[Array(piece.dropFirst(2))] = Int32(id)
      } else {
        words[piece] = Int32(id)
      }
    }
  }

  func ids(of word: [UInt8], unknown: Int32) -> [Int32] {
    var ids: [Int32] = []
    var rest = word[...]
    while !rest.isEmpty {
      let pieces = ids.isEmpty ? words : continuations
      let lengths = (1...min(rest.count, greatestLength)).reversed()
      guard let length = lengths.first(where: { pieces[Array(rest.prefix($0))] != nil }) else { return [unknown] }
      ids.append(pieces[Array(rest.prefix(length))]!)
      rest = rest.dropFirst(length)
    }
    return ids
  }
}
