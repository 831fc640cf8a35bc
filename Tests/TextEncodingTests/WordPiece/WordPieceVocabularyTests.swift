import Faults
import Randomness
import Testing

@testable import TextEncoding

@Suite struct WordPieceVocabularyTests {
  private let special = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"

  private func read(_ text: String) throws -> WordPieceVocabulary {
    try WordPieceVocabulary(Array(text.utf8), path: "vocab.txt")
  }

  private func ids(_ text: String, _ word: String) throws -> [Int32] {
    var ids: [Int32] = []
    try read(text).appendIDs(of: Array(word.utf8), characterCount: word.unicodeScalars.count, to: &ids)
    return ids
  }

  private func expectRefusal(_ bytes: [UInt8], _ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let fault = #expect(throws: Fault.self, sourceLocation: sourceLocation) {
      try WordPieceVocabulary(bytes, path: "vocab.txt")
    }
    #expect(fault?.code == .badData && "\(fault!)".contains(text), "\(fault!)", sourceLocation: sourceLocation)
  }

  @Test func aLineIsAnID() throws {
    #expect(try read(special + "a\nb").count == 7)
    #expect(try read(special + "a\nb\n").count == 7)
    #expect(try ids(special + "a\nb", "b") == [6])
  }

  @Test func linesMayEndInCarriageReturnsAndSpaces() throws {
    let text = (special + "a\nb \t\nc\u{3000}\u{A0}\n").replacing("\n", with: "\r\n")
    #expect(try read(text).count == 8)
    #expect(try ["a", "b", "c"].map { try ids(text, $0) } == [[5], [6], [7]])
  }

  @Test func ofEqualPiecesTheLastCounts() throws {
    #expect(try ids(special + "a\nb\na\n##b\n##b\n", "ab") == [7, 9])
    #expect(try read(special + "[SEP]\n").special.end == 5)
  }

  @Test func emptyLinesTakeAnID() throws {
    #expect(try ids(special + "\n\na\n", "a") == [7])
    #expect(try ids(special + "##\n#\n", "#") == [6])
  }

  @Test(arguments: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
  func withoutASpecialTokenItIsRefused(name: String) {
    expectRefusal(Array(special.replacing(name, with: "x").utf8), "has no \(name) among its 5 lines")
  }

  @Test func whatIsNoTextIsRefusedWithItsLine() {
    expectRefusal(Array((special + "a\n").utf8) + [0xFF, 0x0A], "vocab.txt: line 7")
    expectRefusal(Array((special + "a\n").utf8) + [0xED, 0xA0, 0x80], "vocab.txt: line 7")
    expectRefusal([], "has no [PAD]")
    expectRefusal([0xEF, 0xBB, 0xBF] + Array(special.utf8), "has no [PAD]")
  }

  @Test func whatIsTooLargeIsRefused() {
    expectRefusal([UInt8](repeating: 0x61, count: 64 << 20 + 1), "at most 67108864 bytes")
    expectRefusal([UInt8](repeating: 0x0A, count: 1 << 20 + 1), "at most 1048576 lines, this one has 1048577")
  }

  /// Pieces that share all but their ends: what is narrowed byte by byte stays right at every length.
  @Test func piecesThatShareLongBeginnings() throws {
    let letters = Array("ab")
    var pieces: [String] = []
    for number in 0..<64 { pieces.append(String((0..<6).map { letters[number >> $0 & 1] })) }
    pieces += (1...6).map { String(repeating: "a", count: $0) + "é" }
    let text = special + pieces.joined(separator: "\n")
    for (number, piece) in pieces.enumerated() { #expect(try ids(text, piece) == [Int32(number + 5)]) }
    #expect(try ids(text, "aaaaa") == [1])
  }

  /// Random vocabularies of few letters, so that pieces share beginnings, against a search in a dictionary.
  @Test func equalsAPlainSearch() throws {
    var stream = RandomStream(seed: 1, "vocabularies")
    let letters: [Character] = ["a", "b", "é", "漢", "字", "𝔸"]
    func text(_ longest: Int) -> String {
      String((0...stream.integer(below: longest)).map { _ in letters[stream.integer(below: letters.count)] })
    }
    var knownCount = 0
    for _ in 0..<40 {
      let lines = (0..<60).map { _ in (stream.integer(below: 2) == 0 ? "##" : "") + text(4) }
      let vocabulary = try read(special + lines.joined(separator: "\n"))
      let ids = Dictionary(lines.enumerated().map { ($1, Int32($0 + 5)) }, uniquingKeysWith: max)
      for _ in 0..<100 {
        let word = text(8)
        var found: [Int32] = []
        vocabulary.appendIDs(of: Array(word.utf8), characterCount: word.count, to: &found)
        #expect(found == plainSearch(word, ids))
        knownCount += found == [1] ? 0 : 1
      }
    }
    #expect(knownCount > 400)
  }

  private func plainSearch(_ word: String, _ ids: [String: Int32]) -> [Int32] {
    var found: [Int32] = []
    var rest = word[...]
    while !rest.isEmpty {
      let marker = rest.startIndex == word.startIndex ? "" : "##"
      guard let length = (1...rest.count).last(where: { ids[marker + rest.prefix($0)] != nil }) else { return [1] }
      found.append(ids[marker + rest.prefix(length)]!)
      rest = rest.dropFirst(length)
    }
    return found
  }
}
