import Foundation
import SGMNModel

/// A model's image encoder as `transformers` keeps `CLIPVisionModelWithProjection`.
public enum HuggingFaceExport {
  public static let weightsFile = "model.safetensors"
  public static let configurationFile = "config.json"
  public static let preprocessorFile = "preprocessor_config.json"

  /// A tensor to write.
  public struct Tensor: Equatable, Sendable {
    public let name: String
    public let shape: [Int]
    public let values: [Float]
  }

  /// Whether the library's file holds anything of the parameter `name`.
  public static func holds(_ name: String) -> Bool { recipe(name) != nil }

  /// How an import would make the parameter of the library's tensors; an export undoes it.
  private static func recipe(_ name: String) -> WeightRecipe? {
    guard name.hasPrefix("visual.") else { return nil }
    return CLIPNames(FoundNaming(.huggingFace)).visual(String(name.dropFirst("visual.".count)), grids: (1, 1))
  }

  /// What the library's file holds of a parameter: one tensor, or the three that are packed into one.
  public static func tensors(of name: String, shape: [Int], values: [Float]) -> [Tensor] {
    guard let recipe = recipe(name) else { return [] }
    switch recipe {
    case .copy(let tensor), .positions(let tensor, _, _), .firstRows(let tensor, _):
      return [Tensor(name: tensor, shape: shape, values: values)]
    case .stack(let tensors):
      let count = values.count / tensors.count
      return tensors.enumerated().map { number, tensor in
        Tensor(
          name: tensor, shape: [shape[0] / tensors.count] + shape.dropFirst(),
          values: Array(values[number * count..<(number + 1) * count]))
      }
    case .transpose(let tensor):
      let (rows, columns) = (shape[0], shape[1])
      let transposed = (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
      return [Tensor(name: tensor, shape: [columns, rows], values: transposed)]
    }
  }

  /// `config.json`: the sizes of the encoder. What is not in it the library takes to be as CLIP's.
  public static func configuration(of model: ModelConfiguration) throws -> [UInt8] {
    try encoded([
      "architectures": ["CLIPVisionModelWithProjection"], "model_type": "clip_vision_model", "num_channels": 3,
      "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, "hidden_size": model.width,
      "intermediate_size": 4 * model.width,
      "num_hidden_layers": model.layers, "num_attention_heads": model.heads, "patch_size": model.patch,
      "image_size": model.resolution, "projection_dim": model.embedDim,
    ])
  }

  /// `preprocessor_config.json`: how pictures were resized and normalised in training, for `CLIPImageProcessor`.
  public static func preprocessor(of model: ModelConfiguration) throws -> [UInt8] {
    let bicubic = 3
    return try encoded([
      "image_processor_type": "CLIPImageProcessor", "do_convert_rgb": true, "do_resize": true,
      "size": ["shortest_edge": model.resolution], "resample": bicubic, "do_center_crop": true,
      "crop_size": ["height": model.resolution, "width": model.resolution], "do_rescale": true,
      "rescale_factor": 1.0 / 255, "do_normalize": true, "image_mean": VisualEncoder.mean,
      "image_std": VisualEncoder.deviation,
    ])
  }

  private static func encoded(_ object: [String: Any]) throws -> [UInt8] {
    [UInt8](try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])) + [0x0A]
  }
}
