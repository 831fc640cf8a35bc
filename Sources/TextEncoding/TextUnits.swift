import Foundation

/// A text as runs of units: words of letters and digits, and runs of characters that each stand for themselves.
///
/// Upper and lower case, full-width and half-width, composed and decomposed forms become one (Unicode NFKC, lower
/// case); punctuation and spaces end a run.
enum TextUnits {
  enum Run: Equatable {
    /// A word of an alphabet, e.g. `striped`, `l`, `42`.
    case word([Unicode.Scalar])
    /// Characters without spaces between words: Han, kana, hangul, emoji.
    case characters([Unicode.Scalar])
  }

  static func runs(of text: String) -> [Run] {
    var runs: [Run] = []
    var word: [Unicode.Scalar] = []
    var characters: [Unicode.Scalar] = []
    func endWord() {
      if !word.isEmpty { runs.append(.word(word)) }
      word = []
    }
    func endCharacters() {
      if !characters.isEmpty { runs.append(.characters(characters)) }
      characters = []
    }
    for scalar in normalized(text) {
      switch kind(of: scalar) {
      case .letter:
        endCharacters()
        word.append(scalar)
      case .character:
        endWord()
        characters.append(scalar)
      case .separator:
        endWord()
        endCharacters()
      }
    }
    endWord()
    endCharacters()
    return runs
  }

  private enum Kind { case letter, character, separator }

  private static func kind(of scalar: Unicode.Scalar) -> Kind {
    switch scalar.value {
    case 0x30...0x39, 0x61...0x7A: return .letter
    case 0..<0x80: return .separator
    case 0x2E80...0x2FDF, 0x3005...0x3007, 0x3040...0x31FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7AF,
      0xF900...0xFAFF, 0x20000...0x3FFFF:
      return .character
    default:
      let properties = scalar.properties
      if properties.isAlphabetic { return .letter }
      switch properties.generalCategory {
      case .decimalNumber, .letterNumber, .otherNumber, .nonspacingMark, .spacingMark: return .letter
      case .otherSymbol: return .character
      default: return .separator
      }
    }
  }

  /// NFKC and lower case. Text of ASCII and plain CJK, nearly all there is, takes a short way to the same result.
  private static func normalized(_ text: String) -> [Unicode.Scalar] {
    let simple = text.unicodeScalars.allSatisfy { scalar in
      switch scalar.value {
      case 0..<0x80, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0x3001...0x3002: true
      default: false
      }
    }
    if simple {
      return text.unicodeScalars.map { scalar in
        (0x41...0x5A).contains(scalar.value) ? Unicode.Scalar(scalar.value + 32)! : scalar
      }
    }
    let lowered = text.precomposedStringWithCompatibilityMapping.lowercased()
    return Array(lowered.precomposedStringWithCompatibilityMapping.unicodeScalars)
  }
}
