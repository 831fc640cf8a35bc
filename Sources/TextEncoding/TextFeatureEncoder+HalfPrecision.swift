import Faults

extension TextFeatureEncoder {
  /// The features of every text, rounded to the 16 bits in which shards keep them; nil for a text whose pooled
  /// embedding is zeros alone then: it has no direction, so the text is none.
  ///
  /// - Parameters:
  ///   - texts: none of them blank.
  ///   - tokens: whether the features of tokens are wanted; else they are left out.
  ///
  /// Throws `Fault(.notFinite)` where a number is not finite in 16 bits, `(.internalError)` where the encoder does not
  /// give what it promises, and what it throws itself.
  public func halfPrecisionFeatures(of texts: [String], tokens: Bool) throws -> [TextFeatures?] {
    guard !texts.isEmpty else { return [] }
    let features = try features(of: texts)
    guard features.count == texts.count else {
      throw Fault(.internalError, "The text encoder gave \(features.count) results for \(texts.count) texts")
    }
    return try features.map { try halfPrecision($0, tokens: tokens) }
  }

  private func halfPrecision(_ features: TextFeatures, tokens: Bool) throws -> TextFeatures? {
    guard features.pooled.count == width else {
      throw Fault(
        .internalError, "The text encoder gave an embedding of \(features.pooled.count) numbers, not \(width)")
    }
    let pooled = try rounded(features.pooled, "an embedding")
    guard pooled.contains(where: { $0 != 0 }) else { return nil }
    guard tokens else { return TextFeatures(pooled: pooled, tokens: [], tokenCount: 0) }
    guard (1...max(1, tokenLimit)).contains(features.tokenCount),
      features.tokens.count == features.tokenCount * tokenWidth
    else {
      throw Fault(
        .internalError,
        "The text encoder gave \(features.tokens.count) numbers for \(features.tokenCount) tokens, of at most "
          + "\(tokenLimit) tokens of \(tokenWidth)")
    }
    return TextFeatures(
      pooled: pooled, tokens: try rounded(features.tokens, "features of a token"), tokenCount: features.tokenCount)
  }

  private func rounded(_ values: [Float], _ kind: String) throws -> [Float] {
    try values.map { value in
      let half = Float16(value)
      guard half.isFinite else {
        throw Fault(
          .notFinite, "The text encoder \(name) gives \(kind) with \(value), which is not finite in 16 bits",
          remedy: "Check its weights, or give another encoder")
      }
      return Float(half)
    }
  }
}
