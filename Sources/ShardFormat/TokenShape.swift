/// The shape of token features in a set: of a text with T tokens they are [T, width].
public struct TokenShape: Codable, Sendable, Equatable {
  /// Numbers of a token's features.
  public var width: Int
  /// The most tokens of a text, so that readers know how much memory a batch may take.
  public var maximumCount: Int

  public init(width: Int, maximumCount: Int) { (self.width, self.maximumCount) = (width, maximumCount) }
}
