/// Texts to features by a trained encoder, some at a time.
public protocol TextFeatureEncoder {
  /// The name a shard set keeps, so that features of different encoders are never mixed.
  var name: String { get }
  /// Numbers of a pooled embedding.
  var width: Int { get }
  /// Numbers of a token's features.
  var tokenWidth: Int { get }
  /// The most tokens of a text; what is longer is cut.
  var tokenLimit: Int { get }

  /// The features of every text, in their order; none may be empty of words.
  func features(of texts: [String]) throws -> [TextFeatures]
}

/// What a trained encoder makes of one text.
public struct TextFeatures: Equatable, Sendable {
  /// The embedding of the whole text, as the encoder gives it; [E].
  public var pooled: [Float]
  /// The features of its tokens, one behind the other; [T, width of a token].
  public var tokens: [Float]
  /// T
  public var tokenCount: Int

  public init(pooled: [Float], tokens: [Float], tokenCount: Int) {
    (self.pooled, self.tokens, self.tokenCount) = (pooled, tokens, tokenCount)
  }
}
