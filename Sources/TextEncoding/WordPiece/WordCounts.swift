/// How often each word of some texts comes, the texts being split into words as BERT's tokenizer splits them.
public struct WordCounts: Sendable {
  /// By the word's UTF-8. Words that are too long for any vocabulary are not among them.
  private(set) var counts: [[UInt8]: Int] = [:]
  private var splitter: WordSplitter

  /// - Parameter options: must be those of the tokenizer that the vocabulary is for.
  public init(options: WordPieceOptions = WordPieceOptions()) { splitter = WordSplitter(options) }

  public mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      splitter.split(bytes) { word, characterCount in
        if characterCount <= WordPieceVocabulary.wordLimit { counts[word, default: 0] += 1 }
        return true
      }
    }
  }

  /// Adds what another has counted; the order does not matter.
  public mutating func merge(_ other: WordCounts) { counts.merge(other.counts) { $0 + $1 } }

  public var isEmpty: Bool { counts.isEmpty }
}
