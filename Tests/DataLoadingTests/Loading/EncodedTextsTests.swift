import DataLoading
import Faults
import ShardFormat
import Testing
import TextEncoding

/// Texts that are encoded while training are what shards would hold of them.
@Suite struct EncodedTextsTests {
  /// Gives what a test says, and notes what it was asked.
  private final class SetEncoder: TextFeatureEncoder {
    let (name, width, tokenWidth, tokenLimit) = ("set", 2, 1, 3)
    var asked: [[String]] = []
    var special: [String: TextFeatures] = [:]

    func features(of texts: [String]) -> [TextFeatures] {
      asked.append(texts)
      return texts.map { special[$0] ?? TextFeatures(pooled: [0.1, 2], tokens: [0.1], tokenCount: 1) }
    }
  }

  @Test func equalTextsAreEncodedOnceAndRounded() throws {
    let encoder = SetEncoder()
    // The same letter composed and decomposed: equal to Unicode, not to an encoder.
    let texts = ["a", " ", "\u{E9}", "a", "e\u{301}", ""]
    let encoded = try EncodedTexts(texts, by: encoder, keepsTokens: true)
    #expect(encoder.asked.map { $0.map { Array($0.utf8) } } == [["a", "\u{E9}", "e\u{301}"].map { Array($0.utf8) }])
    let tenth = Float(Float16(0.1))
    #expect(encoded.pooled == [[tenth, 2], [], [tenth, 2], [tenth, 2], [tenth, 2], []])
    #expect(encoded.tokens.map { $0?.values } == [[0.1], nil, [0.1], [0.1], [0.1], nil])
    let pooled = try EncodedTexts(texts, by: encoder, keepsTokens: false)
    #expect(pooled.pooled == encoded.pooled && pooled.tokens.allSatisfy { $0 == nil })
  }

  /// As in a shard: zeros have no direction. What 16 bits round to zero is zero.
  @Test func anEmbeddingOfZerosIsNoText() throws {
    let encoder = SetEncoder()
    encoder.special["none"] = TextFeatures(pooled: [0, 1e-9], tokens: [1], tokenCount: 1)
    let encoded = try EncodedTexts(["none", "some"], by: encoder, keepsTokens: true)
    #expect(encoded.pooled[0].isEmpty && encoded.tokens[0] == nil)
    #expect(!encoded.pooled[1].isEmpty && encoded.tokens[1] != nil)
  }

  @Test func whatSixteenBitsCannotHoldIsRefused() throws {
    for features in [
      TextFeatures(pooled: [1, 70_000], tokens: [1], tokenCount: 1),
      TextFeatures(pooled: [1, 1], tokens: [-.infinity], tokenCount: 1),
    ] {
      let encoder = SetEncoder()
      encoder.special["large"] = features
      let fault = try #require(throws: Fault.self) {
        _ = try EncodedTexts(["small", "large"], by: encoder, keepsTokens: true)
      }
      #expect(fault.code == .notFinite && fault.what.hasPrefix("The text encoder set gives "))
    }
    // Tokens that nobody reads are not looked at.
    let encoder = SetEncoder()
    encoder.special["large"] = TextFeatures(pooled: [1, 1], tokens: [.nan], tokenCount: 1)
    #expect(try EncodedTexts(["large"], by: encoder, keepsTokens: false).pooled == [[1, 1]])
  }

  @Test func brokenPromisesAreTold() throws {
    let encoder = SetEncoder()
    encoder.special["short"] = TextFeatures(pooled: [1], tokens: [1], tokenCount: 1)
    let fault = try #require(throws: Fault.self) { _ = try EncodedTexts(["short"], by: encoder, keepsTokens: false) }
    #expect(fault.code == .internalError && fault.what == "The text encoder gave an embedding of 1 numbers, not 2")
  }
}
