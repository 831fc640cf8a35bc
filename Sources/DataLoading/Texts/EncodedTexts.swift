import ShardFormat
import TextEncoding

/// What a trained encoder says of some texts, as shards would hold it: rounded to 16 bits, and nothing for a text that is
/// blank.
public struct EncodedTexts: Sendable {
  /// [texts]; empty where a text is blank.
  public var pooled: [[Float]]
  /// [texts]; nil where a text is blank, or no token features are wanted.
  public var tokens: [TokenFeatures?]

  /// Equal texts are encoded once. Which are encoded together is a function of the texts alone, and so are the bits.
  ///
  /// - Parameter keepsTokens: whether the features of every token are wanted.
  /// - Throws: what the encoder throws.
  public init(_ texts: [String], by encoder: any TextFeatureEncoder, keepsTokens: Bool) throws {
    var places: [[UInt8]: Int] = [:]
    var distinct: [String] = []
    let rows = texts.map { text -> Int? in
      guard !text.isBlankText else { return nil }
      // By their bytes: strings that Unicode calls equal need not be to an encoder.
      let key = Array(text.utf8)
      if let place = places[key] { return place }
      places[key] = distinct.count
      distinct.append(text)
      return distinct.count - 1
    }
    let features = try distinct.isEmpty ? [] : encoder.features(of: distinct)
    precondition(features.count == distinct.count, "\(features.count) features of \(distinct.count) texts")
    let rounded = features.map { $0.pooled.map { Float(Float16($0)) } }
    let kept = keepsTokens ? features.map { TokenFeatures($0.tokens, count: $0.tokenCount) } : []
    pooled = rows.map { $0.map { rounded[$0] } ?? [] }
    tokens = rows.map { row in keepsTokens ? row.map { kept[$0] } : nil }
  }
}
