/// Texts as a model that encodes them itself reads them: BERT's word pieces of one vocabulary, at most so many.
public struct TextTokenizer: Sendable {
  /// The bytes of the vocabulary's file.
  public let vocabulary: [UInt8]
  /// Tokens of a text, at most.
  public let limit: Int
  private let tokenizer: WordPieceTokenizer

  /// - Parameters:
  ///   - vocabulary: the bytes of a `vocab.txt`; `path` is for messages.
  ///   - limit: at least 3, for [CLS] and [SEP] are among the tokens.
  /// - Throws: `Fault(.badData)` where the bytes are no vocabulary.
  public init(vocabulary: [UInt8], path: String, limit: Int) throws {
    precondition(limit >= 3, "texts of \(limit) tokens")
    self.vocabulary = vocabulary
    self.limit = limit
    tokenizer = WordPieceTokenizer(try WordPieceVocabulary(vocabulary, path: path))
  }

  /// Lines of the vocabulary: ids are below it.
  public var pieceCount: Int { tokenizer.vocabulary.count }

  /// [CLS], the pieces of the text, [SEP]; empty where the text holds nothing to encode.
  public func ids(of text: String) -> [Int32] {
    let ids = tokenizer.ids(of: text, limit: limit)
    return ids.count > 2 ? ids : []
  }

  /// Whether a text holds anything to encode.
  public func reads(_ text: String) -> Bool { tokenizer.ids(of: text, limit: 3).count > 2 }
}
