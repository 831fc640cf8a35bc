import DurableFiles
import Faults
import Foundation
import TextEncoding
import TextModel

/// What a model's `config.json` says that its weights do not show.
struct TextModelSettings: Decodable {
  private var model_type: String?
  private var hidden_act: String?
  private var layer_norm_eps: Double?
  private var position_embedding_type: String?
  private var num_attention_heads: Int?
  private var text_config: Text?

  /// The same of the text encoder in a model of several parts.
  private struct Text: Decodable {
    var hidden_act: String?
    var layer_norm_eps: Double?
    var position_embedding_type: String?
    var num_attention_heads: Int?
  }

  /// Heads of attention; nil where the file does not say.
  var heads: Int? { text_config.map(\.num_attention_heads) ?? num_attention_heads }

  /// Reads a file and refuses, with `Fault(.badData)`, what `BERTEncoder` does not compute.
  static func read(_ path: String) throws -> TextModelSettings {
    let settings = try decode(TextModelSettings.self, path)
    try settings.check(path)
    return settings
  }

  private func check(_ path: String) throws {
    if let model_type, !Self.models.contains(model_type) {
      throw Fault(
        .badData, "The model is a \(model_type.debugDescription), which is not BERT", at: "\(path): model_type",
        remedy: "Take one of \(Self.models.joined(separator: ", "))")
    }
    try refuse("hidden_act", text_config.map(\.hidden_act) ?? hidden_act, "gelu", path)
    try refuse("layer_norm_eps", text_config.map(\.layer_norm_eps) ?? layer_norm_eps, BERTEncoder.epsilon, path)
    try refuse(
      "position_embedding_type", text_config.map(\.position_embedding_type) ?? position_embedding_type, "absolute", path
    )
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
  private var do_lower_case: Bool?
  private var strip_accents: Bool?
  private var tokenize_chinese_chars: Bool?

  var options: WordPieceOptions {
    WordPieceOptions(
      lowersCase: do_lower_case ?? true, stripsAccents: strip_accents, separatesChinese: tokenize_chinese_chars ?? true)
  }

  static func read(_ path: String) throws -> TokenizerSettings { try decode(TokenizerSettings.self, path) }
}

private func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
  let bytes = try FileReader.contents(of: path, limit: 1 << 20)
  do {
    return try JSONDecoder().decode(type, from: Data(bytes))
  } catch let error as DecodingError {
    throw Fault(.badData, "The settings cannot be read: \(error.told)", at: path)
  }
}

extension DecodingError {
  /// Which key is wrong, and how.
  fileprivate var told: String {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
      .dataCorrupted(let context):
      let key = context.codingPath.map(\.stringValue).joined(separator: ".")
      return (key.isEmpty ? "" : key + ": ") + context.debugDescription
    @unknown default: return "\(self)"
    }
  }
}
