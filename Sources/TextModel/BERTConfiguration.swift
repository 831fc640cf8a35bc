/// The sizes of a BERT encoder (Devlin et al., 2019); the defaults are those of RoBERTa-wwm-Base, which Chinese-CLIP uses.
public struct BERTConfiguration: Codable, Sendable, Equatable {
  /// Rows of the vocabulary.
  public var vocabularySize = 21_128
  /// Tokens of a text, at most.
  public var positions = 512
  public var width = 768
  public var layers = 12
  public var heads = 12
  /// Width inside the feed-forward part.
  public var hidden = 3_072
  /// Kinds of segments.
  public var segments = 2
  /// Width of the pooled embedding, where a projection makes it; 0 takes that of the first token as it is.
  public var projection = 512

  public init() {}

  enum CodingKeys: String, CodingKey {
    case positions, width, layers, heads, hidden, segments, projection
    case vocabularySize = "vocabulary_size"
  }
}
