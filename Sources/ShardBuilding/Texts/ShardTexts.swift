import Faults
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
  /// How often each text is still to come. Texts are told apart by their bytes: strings that Unicode calls equal need not
  /// be to an encoder.
  private var uses: [[UInt8]: Int] = [:]
  private var known: [[UInt8]: Stored] = [:]
  /// Texts encoded so far.
  private(set) var encodedCount = 0

  /// - Parameter texts: those of all samples of the shard, repetitions and all.
  init(_ texts: [String], encoder: any TextFeatureEncoder, tokens: Bool) {
    (self.encoder, keepsTokens) = (encoder, tokens)
    for text in texts where !text.isBlankText { uses[Array(text.utf8), default: 0] += 1 }
  }

  /// Encodes those of some texts that are new. `Fault(.internalError)` where the encoder does not give what it promises.
  ///
  /// - Parameter willEncode: called before every batch; may throw.
  mutating func prepare(_ texts: [String], willEncode: () throws -> Void) throws {
    var new: [(key: [UInt8], text: String)] = []
    var seen: Set<[UInt8]> = []
    for text in texts where !text.isBlankText {
      let key = Array(text.utf8)
      if known[key] == nil, seen.insert(key).inserted { new.append((key, text)) }
    }
    // Texts of like length together: what a batch pads is computed for nothing. The bytes decide between equals, so that
    // the batches, and with them the last bits, are a function of the shard alone.
    new.sort { $0.key.count != $1.key.count ? $0.key.count < $1.key.count : $0.key.lexicographicallyPrecedes($1.key) }
    for start in stride(from: 0, to: new.count, by: ShardTexts.batchSize) {
      try willEncode()
      let batch = new[start..<min(start + ShardTexts.batchSize, new.count)]
      let features = try encoder.features(of: batch.map(\.text))
      guard features.count == batch.count else {
        throw Fault(.internalError, "The text encoder gave \(features.count) results for \(batch.count) texts")
      }
      for (text, features) in zip(batch, features) { known[text.key] = try stored(features) }
      encodedCount += batch.count
    }
  }

  /// What a sample stores of its text, which was prepared; nothing of one that is blank.
  mutating func take(_ text: String) -> Stored {
    let key = Array(text.utf8)
    guard let stored = known[key], let left = uses[key] else { return Stored() }
    uses[key] = left - 1
    if left == 1 { known[key] = nil }
    return stored
  }

  private func stored(_ features: TextFeatures) throws -> Stored {
    guard features.pooled.count == encoder.width else {
      throw Fault(
        .internalError, "The text encoder gave an embedding of \(features.pooled.count) numbers, not \(encoder.width)")
    }
    guard keepsTokens else { return Stored(pooled: features.pooled) }
    guard (1...max(1, encoder.tokenLimit)).contains(features.tokenCount),
      features.tokens.count == features.tokenCount * encoder.tokenWidth
    else {
      throw Fault(
        .internalError,
        "The text encoder gave \(features.tokens.count) numbers for \(features.tokenCount) tokens, of at most "
          + "\(encoder.tokenLimit) tokens of \(encoder.tokenWidth)")
    }
    return Stored(
      pooled: features.pooled, tokens: TokenFeatures(features.tokens, count: features.tokenCount))
  }
}
