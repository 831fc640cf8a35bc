import Faults
import TextModel

/// The sizes of a text encoder that is trained with the rest (`model.trains_text`): a BERT's, and how much of a text it
/// reads. The defaults are those of RoBERTa-wwm-Base in Chinese-CLIP.
public struct TextEncoderConfiguration: Codable, Sendable, Equatable {
  /// Rows of the vocabulary, at least as many as its file has lines.
  public var vocabularySize = 21_128
  /// The most tokens of a text, [CLS] and [SEP] among them; what is longer is cut.
  public var tokens = 52
  /// Places that a token may have in a text.
  public var positions = 512
  public var width = 768
  public var layers = 12
  public var heads = 12
  /// Width inside the feed-forward part.
  public var hidden = 3_072
  /// Kinds of segments; a text is all of the first.
  public var segments = 2
  /// Width of the pooled embedding, where a projection makes it; 0 takes that of the first token as it is.
  public var projection = 512

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case tokens, positions, width, layers, heads, hidden, segments, projection
    case vocabularySize = "vocabulary_size"
  }
}

extension TextEncoderConfiguration {
  /// Width of what the encoder makes of a whole text.
  public var pooledWidth: Int { projection > 0 ? projection : width }

  /// The encoder by itself.
  public var bert: BERTConfiguration {
    var c = BERTConfiguration()
    (c.vocabularySize, c.positions, c.segments) = (vocabularySize, positions, segments)
    (c.width, c.layers, c.heads, c.hidden, c.projection) = (width, layers, heads, hidden, projection)
    return c
  }

  /// Throws where no encoder of these numbers exists.
  func validate(_ require: (Bool, String, String) throws -> Void) throws {
    let bounds: [(field: String, value: Int, range: ClosedRange<Int>)] = [
      ("vocabulary_size", vocabularySize, 6...1 << 20), ("positions", positions, 3...65_536),
      ("tokens", tokens, 3...65_536), ("width", width, 1...65_536), ("layers", layers, 0...1_024),
      ("heads", heads, 1...65_536), ("hidden", hidden, 1...65_536), ("segments", segments, 1...16),
      ("projection", projection, 0...65_536),
    ]
    for (field, value, range) in bounds {
      try require(
        range.contains(value), "text_encoder.\(field)", "\(value) is not within \(range.lowerBound)…\(range.upperBound)"
      )
    }
    try require(width % heads == 0, "text_encoder.heads", "\(heads) does not divide the width \(width)")
    try require(tokens <= positions, "text_encoder.tokens", "\(tokens) are more than the \(positions) positions")
  }
}
