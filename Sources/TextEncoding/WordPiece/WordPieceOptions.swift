/// What a BERT tokenizer does with a text before it looks words up; the defaults are those of Chinese models.
public struct WordPieceOptions: Equatable, Sendable {
  /// Whether upper case becomes lower case.
  public var lowersCase = true
  /// Whether accents go (canonical decomposition without nonspacing marks); nil where case decides.
  public var stripsAccents: Bool?
  /// Whether every Chinese character is a word of its own.
  public var separatesChinese = true

  public init(lowersCase: Bool = true, stripsAccents: Bool? = nil, separatesChinese: Bool = true) {
    (self.lowersCase, self.stripsAccents, self.separatesChinese) = (lowersCase, stripsAccents, separatesChinese)
  }
}
