import ShardFormat
import TextEncoding

/// What a trained encoder says of some texts, as shards would hold it: rounded to 16 bits, and nothing for a text that
/// is blank or whose embedding is zeros.
public struct EncodedTexts: Sendable {
  /// [texts]; empty where there is no text.
  public var pooled: [[Float]]
  /// [texts]; nil where there is no text, or no token features are wanted.
  public var tokens: [TokenFeatures?]

  /// Equal texts are encoded once. Which are encoded together is a function of the texts alone, and so are the bits.
  ///
  /// - Parameter keepsTokens: whether the features of every token are wanted.
  /// - Throws: `Fault(.notFinite)` where a feature is not finite in 16 bits; what the encoder throws.
  public init(_ texts: [String], by encoder: any TextFeatureEncoder, keepsTokens: Bool) throws {
    let distinct = DistinctTexts(texts)
    let features = try encoder.halfPrecisionFeatures(of: distinct.texts, tokens: keepsTokens)
    let kept = features.map { text in
      keepsTokens ? text.map { TokenFeatures($0.tokens, count: $0.tokenCount) } : nil
    }
    pooled = distinct.rows.map { $0.flatMap { features[$0]?.pooled } ?? [] }
    tokens = distinct.rows.map { $0.flatMap { kept[$0] } }
  }
}
