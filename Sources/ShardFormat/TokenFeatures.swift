import Faults

/// What a trained encoder says of each token of a text, [T, width], as shards keep it.
public struct TokenFeatures: Equatable, Sendable {
  /// T
  public var count: Int
  /// One token behind the other.
  public var values: [Float16]

  public init(count: Int, values: [Float16]) { (self.count, self.values) = (count, values) }

  /// - Parameter features: [T, width], rounded to 16 bits.
  public init(_ features: [Float], count: Int) { self.init(count: count, values: features.map { Float16($0) }) }
}

/// The token features of a sample's texts; nil where the sample has no such text, or the set no token features.
public struct SampleTokens: Equatable, Sendable {
  public var title: TokenFeatures?
  public var asr: TokenFeatures?

  public init(title: TokenFeatures? = nil, asr: TokenFeatures? = nil) { (self.title, self.asr) = (title, asr) }
}

/// Token features of some texts, put side by side for a model.
public struct PaddedTokens: Equatable, Sendable {
  /// T, the tokens of the longest text; at least 1.
  public var count: Int
  /// [texts, T, width], zeros where a text has no more tokens.
  public var values: [Float]
  /// Whether a token is there, [texts, T].
  public var mask: [Bool]

  public init(_ texts: [TokenFeatures?], width: Int) {
    count = max(1, texts.reduce(0) { max($0, $1?.count ?? 0) })
    values = [Float](repeating: 0, count: texts.count * count * width)
    mask = [Bool](repeating: false, count: texts.count * count)
    for (number, text) in texts.enumerated() {
      guard let text else { continue }
      let (start, first) = (number * count * width, number * count)
      for (place, value) in text.values.enumerated() { values[start + place] = Float(value) }
      for token in 0..<text.count { mask[first + token] = true }
    }
  }
}
