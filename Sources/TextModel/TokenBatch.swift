/// Texts as ids of tokens, each filled up to the length of the longest.
public struct TokenBatch: Sendable {
  /// [texts, tokenCount]
  public let ids: [Int32]
  /// Tokens of every text.
  public let lengths: [Int]
  /// Of the longest text.
  public let tokenCount: Int

  /// Texts of at least one token each.
  public init(_ texts: [[Int32]]) {
    precondition(!texts.isEmpty && texts.allSatisfy { !$0.isEmpty }, "a text without tokens")
    lengths = texts.map(\.count)
    let longest = lengths.reduce(0, max)
    tokenCount = longest
    // Nobody attends to what fills up: any row of the vocabulary serves.
    ids = texts.flatMap { $0 + [Int32](repeating: 0, count: longest - $0.count) }
  }
}
