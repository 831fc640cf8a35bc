import DataLoading
import SGMNModel
import ShardFormat
import TextEncoding

/// Encodes the texts of batches as they are trained on, with an encoder that does not learn.
struct BatchTextEncoding {
  let encoder: any TextFeatureEncoder
  let keepsTokens: Bool

  init?(_ encoder: (any TextFeatureEncoder)?, model: ModelConfiguration) {
    guard let encoder else { return nil }
    (self.encoder, keepsTokens) = (encoder, model.readsTokens)
  }

  /// The texts of some pairs as the model takes them.
  func callAsFunction(
    asrs: [String], titles: [String]
  ) throws -> (asr: PairBatch.TextInput, title: PairBatch.TextInput) {
    let encoded = try EncodedTexts(asrs + titles, by: encoder, keepsTokens: keepsTokens)
    return (input(encoded, 0..<asrs.count), input(encoded, asrs.count..<(asrs.count + titles.count)))
  }

  private func input(_ texts: EncodedTexts, _ range: Range<Int>) -> PairBatch.TextInput {
    let none = [Float](repeating: 0, count: encoder.width)
    let pooled = texts.pooled[range]
    var input = PairBatch.TextInput(
      pooled: pooled.flatMap { $0.isEmpty ? none : $0 }, isPresent: pooled.map { !$0.isEmpty })
    if keepsTokens {
      let padded = PaddedTokens(Array(texts.tokens[range]), width: encoder.tokenWidth)
      (input.tokens, input.tokenMask) = (padded.values, padded.mask)
    }
    return input
  }
}
