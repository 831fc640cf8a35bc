import Faults
import TextEncoding
import TextModel

/// What a model's `config.json` says: what its weights do not show, and sizes that they have to agree with.
struct TextModelSettings: Decodable {
  private var modelType: String?
  private var activation: String?
  private var epsilon: Double?
  private var positionType: String?
  private var ownHeads: Int?
  private var layers: Int?
  private var width: Int?
  private var vocabularySize: Int?
  /// The same of the text encoder in a model of several parts.
  private var text: Part?

  private struct Part: Decodable {
    var activation: String?
    var epsilon: Double?
    var positionType: String?
    var heads: Int?
    var layers: Int?
    var width: Int?
    var vocabularySize: Int?

    enum CodingKeys: String, CodingKey {
      case activation = "hidden_act"
      case epsilon = "layer_norm_eps"
      case positionType = "position_embedding_type"
      case heads = "num_attention_heads"
      case layers = "num_hidden_layers"
      case width = "hidden_size"
      case vocabularySize = "vocab_size"
    }
  }

  enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case activation = "hidden_act"
    case epsilon = "layer_norm_eps"
    case positionType = "position_embedding_type"
    case ownHeads = "num_attention_heads"
    case layers = "num_hidden_layers"
    case width = "hidden_size"
    case vocabularySize = "vocab_size"
    case text = "text_config"
  }

  /// Heads of attention; nil where the file does not say.
  var heads: Int? { text.map(\.heads) ?? ownHeads }

  /// Reads a file and refuses, with `Fault(.badData)`, what `BERTEncoder` does not compute.
  static func read(_ path: String) throws -> TextModelSettings {
    let settings = try JSONSettings.read(TextModelSettings.self, path)
    try settings.check(path)
    return settings
  }

  /// Compares the sizes that are stated with those of the weights: a part of a model in several files is a whole encoder
  /// of fewer layers by its shapes.
  ///
  /// - Throws: `Fault(.badData)` where they differ.
  func check(_ weights: BERTConfiguration, path: String) throws {
    for (key, stated, found) in [
      ("num_hidden_layers", text.map(\.layers) ?? layers, weights.layers),
      ("hidden_size", text.map(\.width) ?? width, weights.width),
      ("vocab_size", text.map(\.vocabularySize) ?? vocabularySize, weights.vocabularySize),
    ] {
      guard let stated, stated != found else { continue }
      throw Fault(
        .badData, "The model has \(key) \(stated), the weights have \(found)", at: "\(path): \(key)",
        remedy: "Take weights and config.json of one model; where it is in several files, save it as one")
    }
  }

  private func check(_ path: String) throws {
    if let modelType, !Self.models.contains(modelType) {
      throw Fault(
        .badData, "The model is a \(modelType.debugDescription), which is not BERT", at: "\(path): model_type",
        remedy: "Take one of \(Self.models.joined(separator: ", "))")
    }
    try refuse("hidden_act", text.map(\.activation) ?? activation, "gelu", path)
    try refuse("layer_norm_eps", text.map(\.epsilon) ?? epsilon, BERTEncoder.epsilon, path)
    try refuse("position_embedding_type", text.map(\.positionType) ?? positionType, "absolute", path)
    if let heads, heads < 1 {
      throw Fault(.badData, "Attention has \(heads) heads", at: "\(path): num_attention_heads")
    }
  }

  private static let models = ["bert", "chinese_clip", "chinese_clip_text_model"]

  private func refuse<Value: Equatable>(_ key: String, _ value: Value?, _ expected: Value, _ path: String) throws {
    guard let value, value != expected else { return }
    throw Fault(
      .badData, "The model has \(key) \(value), this encoder computes \(expected)", at: "\(path): \(key)",
      remedy: "Take a model of BERT's own architecture")
  }
}

/// What a model's `tokenizer_config.json` says; what it leaves out is as in `WordPieceOptions`.
struct TokenizerSettings: Decodable {
  private var lowersCase: Bool?
  private var stripsAccents: Bool?
  private var separatesChinese: Bool?

  enum CodingKeys: String, CodingKey {
    case lowersCase = "do_lower_case"
    case stripsAccents = "strip_accents"
    case separatesChinese = "tokenize_chinese_chars"
  }

  var options: WordPieceOptions {
    WordPieceOptions(
      lowersCase: lowersCase ?? true, stripsAccents: stripsAccents, separatesChinese: separatesChinese ?? true)
  }

  static func read(_ path: String) throws -> TokenizerSettings { try JSONSettings.read(TokenizerSettings.self, path) }
}
