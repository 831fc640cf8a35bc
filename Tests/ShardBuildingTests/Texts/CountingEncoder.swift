import Faults
import Randomness
import TextEncoding

/// A deterministic function of the text, which notes what it was asked.
final class CountingEncoder: TextFeatureEncoder {
  let name = "counting"
  let width = 3
  let tokenWidth: Int
  let tokenLimit = 6
  private(set) var calls: [[String]] = []
  /// Throws at this call.
  var failingCall: Int?
  /// What is done to the features before they are given out.
  var change: (inout TextFeatures) -> Void = { _ in }

  init(tokenWidth: Int = 2) { self.tokenWidth = tokenWidth }

  var texts: [String] { calls.flatMap { $0 } }

  func features(of texts: [String]) throws -> [TextFeatures] {
    calls.append(texts)
    if calls.count == failingCall { throw Fault(.badData, "The encoder cannot go on") }
    return texts.map { text in
      var features = Self.features(of: text, tokenWidth: tokenWidth)
      change(&features)
      return features
    }
  }

  /// One token a character, up to the limit; all numbers are exact in 16 bits.
  static func features(of text: String, tokenWidth: Int = 2) -> TextFeatures {
    var stream = RandomStream(seed: 9, text)
    let count = min(6, text.count)
    let numbers = { (count: Int) in (0..<count).map { _ in Float(Float16(stream.uniform(-1, 1))) } }
    return TextFeatures(pooled: numbers(3), tokens: numbers(count * tokenWidth), tokenCount: count)
  }
}
