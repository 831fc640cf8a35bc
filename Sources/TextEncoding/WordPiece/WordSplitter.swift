/// A text as the words that BERT looks up: cleaned, Chinese characters and punctuation apart, without accents and in
/// lower case as the options say.
struct WordSplitter {
  private let separatesChinese: Bool
  private let stripsAccents: Bool
  private let lowersCase: Bool
  private let characters = BERTCharacters.shared

  /// The text so far, before its case is changed.
  private var scalars: [UInt32] = []
  /// The combining classes of the last of them, which are still to be put in order, and where those begin.
  private var classes: [UInt8] = []
  private var orderedStart = 0
  /// UTF-8 of the word so far, and its characters.
  private var word: [UInt8] = []
  private var characterCount = 0

  init(_ options: WordPieceOptions) {
    separatesChinese = options.separatesChinese
    stripsAccents = options.stripsAccents ?? options.lowersCase
    lowersCase = options.lowersCase
  }

  /// Calls `body` with the UTF-8 of every word and its number of characters, until it returns false.
  mutating func split(_ text: UnsafeBufferPointer<UInt8>, _ body: ([UInt8], Int) -> Bool) {
    scalars.removeAll(keepingCapacity: true)
    var place = 0
    while place < text.count { add(Self.decode(text, &place)) }
    endOrder()
    word.removeAll(keepingCapacity: true)
    characterCount = 0
    for scalar in scalars {
      guard addLowered(scalar, body) else { return }
    }
    _ = endWord(body)
  }

  /// A character of the text, as it is.
  private mutating func add(_ scalar: UInt32) {
    let kinds = characters.kinds(of: scalar)
    if kinds.contains(.removed) { return }
    if kinds.contains(.space) { return append(0x20) }
    guard separatesChinese, kinds.contains(.chinese) else { return addStripped(scalar, kinds) }
    append(0x20)
    addStripped(scalar, kinds)
    append(0x20)
  }

  private mutating func addStripped(_ scalar: UInt32, _ kinds: BERTCharacters.Kinds) {
    guard stripsAccents else { return scalars.append(scalar) }
    if kinds.contains(.accented) {
      for part in characters.stripped(scalar) { addOrdered(part, characters.kinds(of: part)) }
      if kinds.contains(.separatingMark) { endOrder() }
    } else {
      addOrdered(scalar, kinds)
    }
  }

  /// A character that has a place among its neighbours.
  private mutating func addOrdered(_ scalar: UInt32, _ kinds: BERTCharacters.Kinds) {
    guard kinds.contains(.ordered) else { return append(scalar) }
    if classes.isEmpty { orderedStart = scalars.count }
    scalars.append(scalar)
    classes.append(characters.combiningClass(of: scalar))
  }

  /// A character that keeps its place and separates those around it.
  private mutating func append(_ scalar: UInt32) {
    endOrder()
    scalars.append(scalar)
  }

  /// Puts the characters since the last separation in the order of their combining classes, those of one class as they
  /// came (Unicode, 3.11).
  private mutating func endOrder() {
    guard !classes.isEmpty else { return }
    let places = classes.indices.sorted { (classes[$0], $0) < (classes[$1], $1) }
    scalars.replaceSubrange(orderedStart..., with: places.map { scalars[orderedStart + $0] })
    classes.removeAll(keepingCapacity: true)
  }

  private mutating func addLowered(_ scalar: UInt32, _ body: ([UInt8], Int) -> Bool) -> Bool {
    guard lowersCase, characters.kinds(of: scalar).contains(.upperCase) else { return addToWord(scalar, body) }
    guard addToWord(characters.lowerCase(of: scalar), body) else { return false }
    return scalar != BERTCharacters.capitalIWithDot || addToWord(0x307, body)
  }

  private mutating func addToWord(_ scalar: UInt32, _ body: ([UInt8], Int) -> Bool) -> Bool {
    if scalar == 0x20 { return endWord(body) }
    guard characters.kinds(of: scalar).contains(.punctuation) else {
      encode(scalar)
      return true
    }
    guard endWord(body) else { return false }
    encode(scalar)
    return endWord(body)
  }

  private mutating func endWord(_ body: ([UInt8], Int) -> Bool) -> Bool {
    guard !word.isEmpty else { return true }
    let goesOn = body(word, characterCount)
    word.removeAll(keepingCapacity: true)
    characterCount = 0
    return goesOn
  }

  /// Adds a character to the word. Of a word that is too long to be known no more is kept than shows it.
  private mutating func encode(_ scalar: UInt32) {
    characterCount += 1
    guard characterCount <= WordPieceVocabulary.wordLimit else { return }
    switch scalar {
    case 0..<0x80: word.append(UInt8(scalar))
    case 0x80..<0x800: word += [0xC0 | UInt8(scalar >> 6), 0x80 | UInt8(scalar & 0x3F)]
    case 0x800..<0x10000:
      word += [0xE0 | UInt8(scalar >> 12), 0x80 | UInt8(scalar >> 6 & 0x3F), 0x80 | UInt8(scalar & 0x3F)]
    default:
      word += [0xF0 | UInt8(scalar >> 18), 0x80 | UInt8(scalar >> 12 & 0x3F)]
      word += [0x80 | UInt8(scalar >> 6 & 0x3F), 0x80 | UInt8(scalar & 0x3F)]
    }
  }

  /// The character at a place of valid UTF-8, and the place of the next.
  private static func decode(_ text: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> UInt32 {
    let lead = UInt32(text[place])
    let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    var scalar = length == 1 ? lead : lead & (0x7F >> UInt32(length))
    for offset in 1..<length { scalar = scalar << 6 | UInt32(text[place + offset] & 0x3F) }
    place += length
    return scalar
  }
}
