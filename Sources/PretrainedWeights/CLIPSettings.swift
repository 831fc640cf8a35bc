import Foundation

/// What the `config.json` of a CLIP model by `transformers` says that its weights do not show; nil for what it leaves out.
struct CLIPSettings: Decodable, Equatable {
  /// What a tower computes.
  struct Tower: Decodable, Equatable {
    var activation: String?
    var heads: Int?

    enum CodingKeys: String, CodingKey {
      case activation = "hidden_act"
      case heads = "num_attention_heads"
    }
  }

  var visual = Tower()
  var text = Tower()

  init() {}

  private enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case visual = "vision_config"
    case text = "text_config"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    if let tower = try values.decodeIfPresent(Tower.self, forKey: .visual) {
      visual = tower
      text = try values.decodeIfPresent(Tower.self, forKey: .text) ?? Tower()
    } else if try values.decodeIfPresent(String.self, forKey: .modelType)?.hasPrefix("clip") == true {
      visual = try Tower(from: decoder)
    }
    // Of anything else it is not about CLIP.
  }

  /// The settings that lie beside a file of weights; nil where there are none.
  static func read(beside path: String) throws -> CLIPSettings? {
    let path = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent("config.json").path
    return FileManager.default.fileExists(atPath: path) ? try JSONSettings.read(CLIPSettings.self, path) : nil
  }
}
