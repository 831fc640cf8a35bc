/// Texts to ids as BERT's tokenizer makes them (Devlin et al. 2019): cleaned, split at spaces, punctuation and Chinese
/// characters, and every word cut into the longest pieces of a vocabulary.
///
/// The ids are those of `BertTokenizer` of transformers 5 for every text. Where a special token such as `[SEP]` stands in
/// a text as it is written, it is that token.
public struct WordPieceTokenizer: Sendable {
  public let vocabulary: WordPieceVocabulary
  public let options: WordPieceOptions

  public init(_ vocabulary: WordPieceVocabulary, options: WordPieceOptions = WordPieceOptions()) {
    self.vocabulary = vocabulary
    self.options = options
  }

  /// [CLS], the pieces of the text, [SEP]; at most `limit`, which is at least 2: pieces beyond it are cut.
  public func ids(of text: String, limit: Int) -> [Int32] {
    precondition(limit >= 2, "a text of \(limit) tokens")
    var ids = [vocabulary.special.start]
    var text = text
    text.withUTF8 { append($0, limit: limit - 1, to: &ids) }
    if ids.count > limit - 1 { ids.removeLast(ids.count - limit + 1) }
    ids.append(vocabulary.special.end)
    return ids
  }

  /// Cuts a text at its special tokens; stops where `limit` ids are there.
  private func append(_ text: UnsafeBufferPointer<UInt8>, limit: Int, to ids: inout [Int32]) {
    var words = WordSplitter(options)
    var start = 0
    var place = 0
    while place < text.count, ids.count < limit {
      guard text[place] == UInt8(ascii: "["), let token = specialToken(in: text, at: place) else {
        place += 1
        continue
      }
      append(text, start..<place, words: &words, limit: limit, to: &ids)
      if ids.count < limit { ids.append(token.id) }
      place += token.length
      start = place
    }
    append(text, start..<text.count, words: &words, limit: limit, to: &ids)
  }

  /// The special token that begins at a place. None begins another.
  private func specialToken(in text: UnsafeBufferPointer<UInt8>, at place: Int) -> (id: Int32, length: Int)? {
    for (name, id) in zip(Self.specialNames, vocabulary.special.ids)
    where text[place...].prefix(name.count).elementsEqual(name) {
      return (id, name.count)
    }
    return nil
  }

  private static let specialNames = WordPieceVocabulary.SpecialTokens.names.map { Array($0.utf8) }

  /// A part of a text without special tokens.
  private func append(
    _ text: UnsafeBufferPointer<UInt8>, _ part: Range<Int>, words: inout WordSplitter, limit: Int, to ids: inout [Int32]
  ) {
    guard !part.isEmpty, ids.count < limit else { return }
    words.split(UnsafeBufferPointer(rebasing: text[part])) { word, characterCount in
      vocabulary.appendIDs(of: word, characterCount: characterCount, to: &ids)
      return ids.count < limit
    }
  }
}
