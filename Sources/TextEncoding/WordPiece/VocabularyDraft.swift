/// A vocabulary of word pieces made from words, the same for the same counts on every machine.
///
/// First the special tokens; then every character, the most frequent first, and behind it the same within a word (`##x`)
/// unless it is always a word of its own; then the piece that two neighbours make which stand together most often, again
/// and again (byte pair encoding of characters: Sennrich et al. 2016), as long as two words have it. Of equal counts the
/// pair wins whose pieces came first.
public struct VocabularyDraft: Sendable {
  /// The lines of a `vocab.txt` in UTF-8. Bytes and not strings, of which some are equal that are spelled differently.
  public private(set) var pieces: [[UInt8]]
  /// Characters for which there was no room.
  public private(set) var missingCharacterCount = 0

  /// - Parameter limit: the most pieces; at least one more than there are special tokens.
  public init(_ words: WordCounts, limit: Int) {
    precondition(limit > WordPieceVocabulary.SpecialTokens.names.count, "a vocabulary of \(limit) pieces")
    pieces = WordPieceVocabulary.SpecialTokens.names.map { Array($0.utf8) }
    let sorted = words.counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
      (characters: Array(String(decoding: $0.key, as: UTF8.self).unicodeScalars), $0.value)
    }
    addCharacters(of: sorted, limit: limit)
    guard missingCharacterCount == 0 else { return }
    var merging = PieceMerging(sorted, pieces: pieces)
    merging.run(limit: limit)
    pieces = merging.pieces
  }

  /// The bytes of a `vocab.txt`.
  public var bytes: [UInt8] { pieces.flatMap { $0 + [0x0A] } }

  private mutating func addCharacters(of words: [(characters: [Unicode.Scalar], count: Int)], limit: Int) {
    var counts: [Unicode.Scalar: Int] = [:]
    for word in words {
      for character in word.characters { counts[character, default: 0] += word.count }
    }
    let characters = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    for (number, character) in characters.enumerated() {
      let alone = Array(UTF8.encode(character)!)
      let own = Self.isAlwaysAWord(character) ? [alone] : [alone, PieceMerging.marker + alone]
      guard pieces.count + own.count <= limit else {
        missingCharacterCount = characters.count - number
        return
      }
      pieces += own
    }
  }

  private static func isAlwaysAWord(_ character: Unicode.Scalar) -> Bool {
    let kinds = BERTCharacters.shared.kinds(of: character.value)
    return kinds.contains(.chinese) || kinds.contains(.punctuation)
  }
}

/// Joins the most frequent neighbours, again and again.
private struct PieceMerging {
  /// What a piece within a word begins with.
  static let marker = Array("##".utf8)

  private(set) var pieces: [[UInt8]]
  private var numbers: [[UInt8]: Int32]
  /// The pieces of every word that has more than one.
  private var words: [(pieces: [Int32], count: Int)] = []
  private var pairs: [Pair: Occurrence] = [:]
  private var queue = PairQueue()

  struct Pair: Hashable {
    var left, right: Int32
  }

  private struct Occurrence {
    var count = 0
    /// Words that have the pair, or had it once.
    var words: [Int] = []
  }

  init(_ all: [(characters: [Unicode.Scalar], count: Int)], pieces: [[UInt8]]) {
    self.pieces = pieces
    numbers = Dictionary(uniqueKeysWithValues: pieces.enumerated().map { ($1, Int32($0)) })
    for word in all where word.characters.count > 1 {
      let own = word.characters.enumerated().map { numbers[($0 == 0 ? [] : Self.marker) + Array(UTF8.encode($1)!)]! }
      words.append((own, word.count))
      count(own, times: word.count, inWord: words.count - 1)
    }
    for (pair, occurrence) in pairs { queue.insert(pair, count: occurrence.count) }
  }

  mutating func run(limit: Int) {
    while pieces.count < limit, let (pair, count) = queue.popMost() {
      let now = pairs[pair]?.count ?? 0
      guard now == count else {
        // It has been pushed when it grew, so it has shrunk since.
        if now > 1, now < count { queue.insert(pair, count: now) }
        continue
      }
      guard now > 1 else { return }
      join(pair)
    }
  }

  private mutating func join(_ pair: Pair) {
    let joined = pieces[Int(pair.left)] + pieces[Int(pair.right)].dropFirst(Self.marker.count)
    let number = numbers[joined] ?? Int32(pieces.count)
    if number == pieces.count {
      pieces.append(joined)
      numbers[joined] = number
    }
    for word in pairs[pair]?.words ?? [] {
      let old = words[word].pieces
      var new: [Int32] = []
      for piece in old {
        if piece == pair.right, new.last == pair.left { new[new.count - 1] = number } else { new.append(piece) }
      }
      guard new.count < old.count else { continue }
      words[word].pieces = new
      count(old, times: -words[word].count, inWord: word)
      count(new, times: words[word].count, inWord: word)
    }
    pairs[pair] = nil
  }

  /// Adds the pairs of a word; where they are taken away, it is not forgotten that the word had them.
  private mutating func count(_ own: [Int32], times: Int, inWord word: Int) {
    for (left, right) in zip(own, own.dropFirst()) {
      let pair = Pair(left: left, right: right)
      pairs[pair, default: Occurrence()].count += times
      guard times > 0 else { continue }
      if pairs[pair]!.words.last != word { pairs[pair]!.words.append(word) }
      queue.insert(pair, count: pairs[pair]!.count)
    }
  }
}

/// Pairs with counts, the most frequent first and of those the one whose pieces came first. A pair may be in it with counts
/// that it has no more.
private struct PairQueue {
  private var heap: [(count: Int, pair: PieceMerging.Pair)] = []

  mutating func insert(_ pair: PieceMerging.Pair, count: Int) {
    heap.append((count, pair))
    var place = heap.count - 1
    while place > 0, comesBefore(place, (place - 1) / 2) {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func popMost() -> (PieceMerging.Pair, Int)? {
    guard let most = heap.first else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var place = 0
    while true {
      var first = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count && comesBefore(child, first) {
        first = child
      }
      guard first != place else { return (most.pair, most.count) }
      heap.swapAt(place, first)
      place = first
    }
  }

  private func comesBefore(_ a: Int, _ b: Int) -> Bool {
    let (x, y) = (heap[a], heap[b])
    return (-x.count, x.pair.left, x.pair.right) < (-y.count, y.pair.left, y.pair.right)
  }
}
