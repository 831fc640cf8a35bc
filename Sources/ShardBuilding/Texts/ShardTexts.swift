import ShardFormat
import TextEncoding

/// What an encoder says of the texts of one shard, each encoded once: kept until the last sample that has it.
struct ShardTexts {
  /// A text as a sample stores it.
  struct Stored {
    var pooled: [Float] = []
    var tokens: TokenFeatures?
  }

  /// Texts that an encoder is given at once.
  static let batchSize = 32

  private let encoder: any TextFeatureEncoder
  private let keepsTokens: Bool
  /// How often each text, by its bytes, is still to come.
  private var uses: [[UInt8]: Int] = [:]
  private var known: [[UInt8]: Stored] = [:]
  /// Texts encoded so far.
  private(set) var encodedCount = 0

  /// - Parameter texts: those of all samples of the shard, repetitions and all.
  init(_ texts: [String], encoder: any TextFeatureEncoder, tokens: Bool) {
    (self.encoder, keepsTokens) = (encoder, tokens)
    for text in texts where !text.isBlankText { uses[Array(text.utf8), default: 0] += 1 }
  }

  /// Encodes those of some texts that are new. Throws what `halfPrecisionFeatures` throws.
  ///
  /// - Parameter willEncode: called before every batch; may throw.
  mutating func prepare(_ texts: [String], willEncode: () throws -> Void) throws {
    var new = DistinctTexts(texts).texts.map { (key: Array($0.utf8), text: $0) }.filter { known[$0.key] == nil }
    // Texts of like length together: what a batch pads is computed for nothing. The bytes decide between equals, so that
    // the batches, and with them the last bits, are a function of the shard alone.
    new.sort { $0.key.count != $1.key.count ? $0.key.count < $1.key.count : $0.key.lexicographicallyPrecedes($1.key) }
    for start in stride(from: 0, to: new.count, by: ShardTexts.batchSize) {
      try willEncode()
      let batch = new[start..<min(start + ShardTexts.batchSize, new.count)]
      let features = try encoder.halfPrecisionFeatures(of: batch.map(\.text), tokens: keepsTokens)
      for (text, features) in zip(batch, features) { known[text.key] = stored(features) }
      encodedCount += batch.count
    }
  }

  /// What a sample stores of its text, which was prepared; nothing of one that is none.
  mutating func take(_ text: String) -> Stored {
    let key = Array(text.utf8)
    guard let stored = known[key], let left = uses[key] else { return Stored() }
    uses[key] = left - 1
    if left == 1 { known[key] = nil }
    return stored
  }

  private func stored(_ features: TextFeatures?) -> Stored {
    guard let features else { return Stored() }
    return Stored(
      pooled: features.pooled,
      tokens: keepsTokens ? TokenFeatures(features.tokens, count: features.tokenCount) : nil)
  }
}
