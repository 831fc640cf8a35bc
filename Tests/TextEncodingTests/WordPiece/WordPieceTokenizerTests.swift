import Foundation
import ReferenceLibraries
import Testing

@testable import TextEncoding

/// Ids against those of transformers' BertTokenizer (scripts/references/wordpiece.py).
@Suite struct WordPieceTokenizerTests {
  private struct Case {
    var options: WordPieceOptions
    var limit: Int
    var text: String
    var ids: [Int32]

    /// Options, limit, text in hexadecimal, ids.
    init(_ line: Substring) throws {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      let flags = fields[0].map { $0 == "-" ? nil : $0 == "1" }
      options = WordPieceOptions(
        lowersCase: flags[0] == true, stripsAccents: flags[1], separatesChinese: flags[2] == true)
      limit = try #require(Int(fields[1]))
      let digits = Array(fields[2].utf8)
      let bytes = stride(from: 0, to: digits.count, by: 2).map {
        UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)!
      }
      text = try #require(String(validating: bytes, as: UTF8.self))
      ids = fields[3].split(separator: " ").map { Int32($0)! }
    }
  }

  private func expectEqualIDs(in folder: URL, caseCount: Int) throws {
    let path = folder.appendingPathComponent("vocab.txt")
    let vocabulary = try WordPieceVocabulary([UInt8](Data(contentsOf: path)), path: path.path)
    let lines = try String(contentsOf: folder.appendingPathComponent("cases.tsv"), encoding: .utf8).split(
      separator: "\n")
    #expect(lines.count == caseCount)
    var wrong = 0
    for (number, line) in lines.enumerated() {
      let expected = try Case(line)
      let ids = WordPieceTokenizer(vocabulary, options: expected.options).ids(of: expected.text, limit: expected.limit)
      guard ids != expected.ids else { continue }
      wrong += 1
      let scalars = expected.text.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
      if wrong <= 5 { Issue.record("line \(number + 1), \(scalars): \(ids), expected \(expected.ids)") }
    }
    #expect(wrong == 0)
  }

  @Test func equalsTheOriginalOnItsFixture() throws {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/wordpiece")
    try expectEqualIDs(in: folder, caseCount: 120)
  }

  @Test(.enabled(if: ReferencePython.path != nil))
  func equalsTheOriginalOnTenThousandTexts() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wordpiece-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try ReferencePython.run("wordpiece.py", [folder.path, "10000", "1"])
    try expectEqualIDs(in: folder, caseCount: 10_000)
  }

  @Test(.enabled(if: ReferencePython.path != nil)) func charactersAreThoseOfTheOriginal() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).swift")
    defer { try? FileManager.default.removeItem(at: path) }
    try ReferencePython.run("bert_characters.py", [path.path])
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../Sources/TextEncoding/WordPiece/BERTCharacterData.swift").standardized
    #expect(try Data(contentsOf: path) == Data(contentsOf: source))
  }

  /// The special tokens are 0 to 4; `lines` follow.
  private func tokenizer(_ lines: [String], _ options: WordPieceOptions = WordPieceOptions()) throws
    -> WordPieceTokenizer
  {
    let text = (WordPieceVocabulary.SpecialTokens.names + lines).joined(separator: "\n")
    return WordPieceTokenizer(try WordPieceVocabulary(Array(text.utf8), path: "vocab.txt"), options: options)
  }

  @Test func aWordIsItsLongestPiecesFromTheLeft() throws {
    let tokenizer = try tokenizer(["un", "##aff", "##able", "##a", "unaff"])
    #expect(tokenizer.ids(of: "unaffable unable unx", limit: 10) == [2, 9, 7, 5, 7, 1, 3])
  }

  @Test func whatIsBeyondTheLimitIsCut() throws {
    let tokenizer = try tokenizer(["a", "##b"])
    #expect(tokenizer.ids(of: "abb a", limit: 4) == [2, 5, 6, 3])
    #expect(tokenizer.ids(of: "a [MASK] a", limit: 3) == [2, 5, 3])
    #expect(tokenizer.ids(of: "a", limit: 2) == [2, 3])
  }

  @Test func aWordOfMoreThanAHundredCharactersIsUnknown() throws {
    let tokenizer = try tokenizer(["a", "##a"])
    #expect(tokenizer.ids(of: String(repeating: "a", count: 100), limit: 200).count == 102)
    #expect(tokenizer.ids(of: String(repeating: "a", count: 101), limit: 200) == [2, 1, 3])
    #expect(tokenizer.ids(of: String(repeating: "a", count: 1 << 20), limit: 200) == [2, 1, 3])
  }
}
