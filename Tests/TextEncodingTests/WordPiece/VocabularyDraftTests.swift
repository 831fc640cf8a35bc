import Foundation
import Randomness
import Testing

@testable import TextEncoding

@Suite struct VocabularyDraftTests {
  private static let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

  private func counts(_ texts: [String]) -> WordCounts {
    texts.reduce(into: WordCounts()) { $0.add($1) }
  }

  /// By hand: a comes 4 times, b 3, c 2, ! and 的 once; a and ##b stand together 3 times, then ab and ##c twice.
  @Test func piecesAreThoseOfTheRule() {
    let draft = VocabularyDraft(counts(["Abc abc! 的", "ab", "a"]), limit: 100)
    #expect(
      draft.lines == Self.special + ["a", "##a", "b", "##b", "c", "##c", "!", "的", "ab", "abc"])
    #expect(draft.missingCharacterCount == 0)
  }

  /// The rule without its shortcuts: all pairs are counted anew before every joint.
  private func plain(_ words: WordCounts, characters: [String], limit: Int) -> [String] {
    var pieces = characters
    var cut = words.counts.map { word, count in
      let scalars = String(decoding: word, as: UTF8.self).unicodeScalars
      return (pieces: scalars.enumerated().map { $0 == 0 ? "\($1)" : "##\($1)" }, count: count)
    }
    while pieces.count < limit {
      var pairs: [[String]: Int] = [:]
      for word in cut {
        for (left, right) in zip(word.pieces, word.pieces.dropFirst()) {
          pairs[[left, right], default: 0] += word.count
        }
      }
      let order = Dictionary(uniqueKeysWithValues: pieces.enumerated().map { ($1, $0) })
      let most = pairs.max { a, b in
        (a.value, -order[a.key[0]]!, -order[a.key[1]]!) < (b.value, -order[b.key[0]]!, -order[b.key[1]]!)
      }
      guard let (pair, count) = most, count > 1 else { return pieces }
      let joined = pair[0] + pair[1].dropFirst(2)
      if order[joined] == nil { pieces.append(joined) }
      for word in cut.indices {
        var new: [String] = []
        for piece in cut[word].pieces {
          if piece == pair[1], new.last == pair[0] { new[new.count - 1] = joined } else { new.append(piece) }
        }
        cut[word].pieces = new
      }
    }
    return pieces
  }

  @Test(arguments: [40, 90, 400]) func joiningIsThatOfCountingAnew(limit: Int) {
    var stream = RandomStream(seed: 1, "words")
    let words = (0..<300).map { _ in
      String((0..<(1 + stream.integer(below: 7))).map { _ in Array("abcdaabé")[stream.integer(below: 8)] })
    }
    let counts = counts((0..<900).map { _ in words[min(stream.integer(below: 300), stream.integer(below: 300))] })
    let draft = VocabularyDraft(counts, limit: limit)
    let characters = Array(draft.lines.prefix { $0.drop { $0 == "#" }.count == 1 || $0.hasPrefix("[") })
    #expect(characters.count == 5 + 2 * 5)
    #expect(draft.lines == plain(counts, characters: characters, limit: limit))
    #expect(draft.pieces.count == limit || limit == 400)
    #expect(Set(draft.pieces).count == draft.pieces.count)
  }

  /// Whatever is counted in whatever parts, every text of it is read without an unknown piece.
  @Test func theTextsItIsMadeOfHaveNoUnknownPiece() throws {
    let texts = [
      "한\u{302E}국\u{302E} 한\u{302E}국\u{302E} 국\u{302E}한", "红色条纹连衣裙 Striped Dress, size L", "夏季新款!!! T恤 100%棉",
      "Ärmel 5cm ✓ 😀 한글 ½", "x y z xyz zyx", "",
    ]
    let parts = [counts([texts[3], texts[1]]), counts([texts[4], texts[0]]), counts([texts[5], texts[2]])]
    let draft = VocabularyDraft(parts.reduce(into: WordCounts()) { $0.merge($1) }, limit: 500)
    #expect(draft.bytes == VocabularyDraft(counts(texts), limit: 500).bytes)
    let tokenizer = try TextTokenizer(vocabulary: draft.bytes, path: "draft", limit: 64)
    #expect(tokenizer.pieceCount == draft.pieces.count)
    for text in texts {
      let ids = tokenizer.ids(of: text)
      #expect(!ids.contains(1), "\(text)")
      #expect(ids.isEmpty == text.isEmpty && tokenizer.reads(text) == !text.isEmpty)
    }
    // Characters that it has seen may stand elsewhere.
    #expect(!tokenizer.ids(of: "zzyt cdr").contains(1))
  }

  @Test func whatFindsNoRoomIsTheRarest() {
    let draft = VocabularyDraft(counts(["的 的 的 红 红 a"]), limit: 8)
    #expect(draft.lines == Self.special + ["的", "红"] && draft.missingCharacterCount == 1)
  }

  @Test func aTokenizerOfTextsCutsAndLeavesBlankOnesOut() throws {
    let draft = VocabularyDraft(counts(["one two three"]), limit: 100)
    let tokenizer = try TextTokenizer(vocabulary: draft.bytes, path: "draft", limit: 5)
    #expect(tokenizer.ids(of: "one two three").count == 5 && tokenizer.ids(of: "one two three").last == 3)
    for blank in ["", "  \n", "\u{200B}\u{FEFF}", "\u{301}"] {
      #expect(tokenizer.ids(of: blank).isEmpty && !tokenizer.reads(blank))
    }
    #expect(tokenizer.ids(of: "?") == [2, 1, 3] && tokenizer.reads("?"))
  }
}

extension VocabularyDraft {
  fileprivate var lines: [String] { pieces.map { String(decoding: $0, as: UTF8.self) } }
}
