/// The built-in encoder in the place of a trained one: pooled embeddings alone, no features of tokens.
public struct HashedNgramFeatures: TextFeatureEncoder, Sendable {
  private let encoder = HashedNgramEncoder()

  public init() {}

  public var name: String { encoder.name }
  public var width: Int { encoder.width }
  public var tokenWidth: Int { 0 }
  public var tokenLimit: Int { 0 }

  public func features(of texts: [String]) -> [TextFeatures] {
    texts.map { TextFeatures(pooled: encoder.encode($0), tokens: [], tokenCount: 0) }
  }
}
