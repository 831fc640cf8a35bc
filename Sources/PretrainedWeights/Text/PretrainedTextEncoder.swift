import DurableFiles
import Faults
import NeuralNetworks
import TensorCore
import TextEncoding
import TextModel
import WeightFiles

/// A frozen BERT or Chinese-CLIP text encoder with its tokenizer, from files in the layout of Hugging Face.
public struct PretrainedTextEncoder: TextFeatureEncoder, Sendable {
  /// Tokens of a text that Chinese-CLIP was trained with.
  public static let defaultTokenLimit = 52

  /// Files that an encoder is made from.
  public struct Files: Equatable, Sendable {
    /// safetensors or a PyTorch archive.
    public var weights: String
    /// `vocab.txt`
    public var vocabulary: String
    /// `config.json`, checked where it is there.
    public var settings: String?
    /// `tokenizer_config.json`, obeyed where it is there.
    public var tokenizerSettings: String?

    public init(weights: String, vocabulary: String, settings: String? = nil, tokenizerSettings: String? = nil) {
      (self.weights, self.vocabulary) = (weights, vocabulary)
      (self.settings, self.tokenizerSettings) = (settings, tokenizerSettings)
    }
  }

  /// `chinese-clip-WIDTH-HASH-LIMIT` or `bert-WIDTH-HASH-LIMIT`, all that decides features: the hash is of weights, heads,
  /// vocabulary and the tokenizer's options, the limit that of tokens.
  public let name: String
  public let tokenLimit: Int
  public let map: TextWeightMap
  public let tokenizer: WordPieceTokenizer
  private let encoder: BERTEncoder
  private let backend: any Backend
  /// Of the weights.
  private let path: String
  /// Tokens of a batch, those that fill up among them.
  private let batchTokenCount: Int

  public var width: Int { map.configuration.projection > 0 ? map.configuration.projection : tokenWidth }
  public var tokenWidth: Int { map.configuration.width }

  /// What the log says of it: name, file, and what became of the file's tensors.
  public var summary: String { "text encoder \(name) from \(path): \(map.summary)" }

  /// Reads an encoder from its files.
  ///
  /// - Parameters:
  ///   - tokenLimit: the most tokens of a text, [CLS] and [SEP] among them.
  ///   - operandFormat: the format of products; nil for float32.
  ///   - batchTokenCount: the most tokens of texts that are encoded together.
  /// - Throws: `Fault(.badData)` where the files are not a text encoder of this kind, or do not go together;
  ///   `Fault(.configuration)` for a limit that the model has no positions for; what reading throws.
  public init(
    _ files: Files, tokenLimit: Int = defaultTokenLimit, operandFormat: DType? = nil, batchTokenCount: Int = 4_096,
    backend: any Backend
  ) throws {
    let options = try files.tokenizerOptions()
    let vocabularyBytes = try FileReader.contents(of: files.vocabulary, limit: WordPieceVocabulary.byteLimit)
    let weights = try files.openWeights()
    map = weights.map
    tokenizer = WordPieceTokenizer(try WordPieceVocabulary(vocabularyBytes, path: files.vocabulary), options: options)
    self.tokenLimit = tokenLimit
    self.batchTokenCount = batchTokenCount
    self.backend = backend
    path = files.weights
    try Self.check(map.configuration, tokenizer.vocabulary, files, tokenLimit: tokenLimit)
    encoder = BERTEncoder(map.configuration)
    let hasher = XXH3.Hasher()
    hasher.update(vocabularyBytes)
    hasher.update(Array("\(options) \(map.configuration.heads)".utf8))
    try encoder.freeze(operandFormat: operandFormat, backend: backend) { name, _ in
      let values = try weights.values(of: name)
      values.withUnsafeBytes { hasher.update($0) }
      return values
    }
    let digits = String(hasher.digest & 0xFFFF_FFFF, radix: 16)
    let width = map.configuration.projection > 0 ? map.configuration.projection : map.configuration.width
    name =
      "\(map.kind.rawValue)-\(width)-" + String(repeating: "0", count: 8 - digits.count) + digits
      + "-\(tokenLimit)"
  }

  private static func check(
    _ c: BERTConfiguration, _ vocabulary: WordPieceVocabulary, _ files: Files, tokenLimit: Int
  ) throws {
    guard vocabulary.count <= c.vocabularySize else {
      throw Fault(
        .badData, "The vocabulary has \(vocabulary.count) lines, the weights are for \(c.vocabularySize)",
        at: "\(files.vocabulary), \(files.weights)", remedy: "Take the vocab.txt that belongs to the weights")
    }
    guard tokenLimit >= 3, tokenLimit <= c.positions else {
      throw Fault(
        .configuration, "A text of \(tokenLimit) tokens for an encoder of \(c.positions) positions", at: files.weights,
        remedy: "Choose a limit from 3 to \(c.positions)")
    }
  }

  /// The features of every text, in their order. Texts of similar lengths are encoded together.
  ///
  /// - Throws: `Fault(.notFinite)` where a feature is not finite, as damaged weights make them; what the backend throws.
  public func features(of texts: [String]) throws -> [TextFeatures] {
    let ids = texts.map { tokenizer.ids(of: $0, limit: tokenLimit) }
    var features = [TextFeatures?](repeating: nil, count: texts.count)
    for batch in LengthBatches.batches(of: ids.map(\.count), tokenCount: batchTokenCount) {
      for (place, found) in zip(batch, try encode(batch.map { ids[$0] })) { features[place] = found }
    }
    return features.map { $0! }
  }

  private func encode(_ texts: [[Int32]]) throws -> [TextFeatures] {
    let batch = TokenBatch(texts)
    let output = GradientRecording.off { encoder(batch) }
    let (tokens, pooled) = (output.tokens.floats(), output.pooled.floats())
    try backend.throwIfFailed()
    guard backend.allFinite(output.tokens), backend.allFinite(output.pooled) else {
      throw Fault(
        .notFinite, "The text encoder \(name) gives features that are not finite", at: path,
        remedy: "Compare the file's checksum with that of its source")
    }
    return batch.lengths.enumerated().map { text, length in
      let start = text * batch.tokenCount * tokenWidth
      return TextFeatures(
        pooled: Array(pooled[(text * width)..<((text + 1) * width)]),
        tokens: Array(tokens[start..<(start + length * tokenWidth)]), tokenCount: length)
    }
  }
}
