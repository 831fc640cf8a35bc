/// How BERT's tokenizer treats every character: a byte of kinds for each, and what some become.
///
/// The tables are those of the `tokenizers` library and not of Swift, whose Unicode grows with every release: ids must
/// stay those that a model was trained with.
struct BERTCharacters: Sendable {
  struct Kinds: OptionSet {
    let rawValue: UInt8
    /// Controls, formats, private use, U+0000 and U+FFFD: they vanish.
    static let removed = Kinds(rawValue: 1)
    static let space = Kinds(rawValue: 2)
    static let chinese = Kinds(rawValue: 4)
    static let punctuation = Kinds(rawValue: 8)
    /// It is replaced, by nothing for a mark, where accents are stripped.
    static let accented = Kinds(rawValue: 16)
    /// A mark that goes with the accents, and across which none is put in order.
    static let separatingMark = Kinds(rawValue: 32)
    /// It stays without accents, and has a place among its neighbours by its combining class.
    static let ordered = Kinds(rawValue: 64)
    static let upperCase = Kinds(rawValue: 128)
  }

  static let shared = BERTCharacters()

  /// Where in `kinds` the 256 characters of a page are.
  private var pages: [UInt32]
  private var kinds: [UInt8]
  private var strippedForms: [UInt32: [UInt32]] = [:]
  private var combiningClasses: [UInt32: UInt8] = [:]
  private var lowerCases: [UInt32: UInt32] = [:]

  func kinds(of scalar: UInt32) -> Kinds { Kinds(rawValue: kinds[Int(pages[Int(scalar >> 8)] + (scalar & 0xFF))]) }

  /// What stays of an accented character in canonical decomposition without its nonspacing marks.
  func stripped(_ scalar: UInt32) -> [UInt32] {
    Hangul.isSyllable(scalar) ? Hangul.jamos(of: scalar) : strippedForms[scalar] ?? []
  }

  /// The canonical combining class of an `ordered` character.
  func combiningClass(of scalar: UInt32) -> UInt8 { combiningClasses[scalar] ?? 0 }

  /// The lower case of a character; U+0130 has two characters, of which this is the first, and U+0307 follows.
  func lowerCase(of scalar: UInt32) -> UInt32 { lowerCases[scalar] ?? scalar }

  static let capitalIWithDot: UInt32 = 0x130

  private init() {
    pages = [UInt32](repeating: 0, count: 0x1100)
    kinds = [UInt8](repeating: 0, count: 256)
    let tables: [(text: String, kinds: Kinds)] = [
      (BERTCharacterData.removed, .removed), (BERTCharacterData.spaces, .space),
      (BERTCharacterData.chinese, .chinese), (BERTCharacterData.punctuation, .punctuation),
      (BERTCharacterData.marks, .accented), (BERTCharacterData.separatingMarks, [.accented, .separatingMark]),
    ]
    for (text, kind) in tables {
      for word in Self.words(text) { add(kind, to: Self.range(word)) }
    }
    add(.accented, to: Hangul.syllables)
    for word in Self.words(BERTCharacterData.ordered) {
      let parts = word.split(separator: "=")
      for scalar in Self.range(parts[1]) { combiningClasses[scalar] = UInt8(Self.number(parts[0])) }
      add(.ordered, to: Self.range(parts[1]))
    }
    for word in Self.words(BERTCharacterData.stripped) {
      let parts = word.split(separator: ":")
      strippedForms[Self.number(parts[0])] = parts[1].split(separator: "+").map(Self.number)
      add(.accented, to: Self.range(parts[0]))
    }
    addLowerCases()
  }

  private mutating func addLowerCases() {
    for word in Self.words(BERTCharacterData.lowered) {
      let parts = word.split { "/+-".contains($0) }
      let distance = Int64(Self.number(parts[3])) * (word.contains("+") ? 1 : -1)
      for scalar in stride(from: Self.number(parts[0]), through: Self.number(parts[1]), by: Int(Self.number(parts[2])))
      {
        lowerCases[scalar] = UInt32(Int64(scalar) + distance)
        add(.upperCase, to: scalar...scalar)
      }
    }
    lowerCases[Self.capitalIWithDot] = 0x69
    add(.upperCase, to: Self.capitalIWithDot...Self.capitalIWithDot)
  }

  private mutating func add(_ kind: Kinds, to scalars: ClosedRange<UInt32>) {
    for scalar in scalars {
      let page = Int(scalar >> 8)
      if pages[page] == 0 {
        // The first 256 bytes are those of all pages without any kind.
        pages[page] = UInt32(kinds.count)
        kinds += [UInt8](repeating: 0, count: 256)
      }
      kinds[Int(pages[page] + (scalar & 0xFF))] |= kind.rawValue
    }
  }

  private static func words(_ text: String) -> [Substring] { text.split { $0 == " " || $0 == "\n" } }

  /// `first-last` or `only`.
  private static func range(_ word: Substring) -> ClosedRange<UInt32> {
    let ends = word.split(separator: "-").map(number)
    return ends[0]...ends[ends.count - 1]
  }

  private static func number(_ digits: Substring) -> UInt32 { UInt32(digits, radix: 16)! }
}

/// Hangul syllables and the letters they are composed of (Unicode, 3.12).
private enum Hangul {
  static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3

  static func isSyllable(_ scalar: UInt32) -> Bool { syllables.contains(scalar) }

  static func jamos(of syllable: UInt32) -> [UInt32] {
    let index = syllable - syllables.lowerBound
    let (lead, vowel, trail) = (0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11A7 + index % 28)
    return index % 28 == 0 ? [lead, vowel] : [lead, vowel, trail]
  }
}
