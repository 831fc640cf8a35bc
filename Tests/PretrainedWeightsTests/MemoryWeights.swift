import Faults
import SGMNModel
import WeightFiles

/// Weights that are in no file.
struct MemoryWeights: WeightFile {
  var tensors: [String: (shape: [Int], values: [Float])] = [:]
  let path = "memory"
  let format = "memory"

  var shapes: [String: [Int]] { tensors.mapValues(\.shape) }

  func floats(_ name: String) throws -> [Float] {
    guard let tensor = tensors[name] else { throw Fault(.badData, "no \(name)") }
    return tensor.values
  }

  /// Tensors of these shapes; the elements of each are consecutive numbers from one that is its own.
  init(_ shapes: [String: [Int]]) {
    for (number, name) in shapes.keys.sorted().enumerated() {
      let shape = shapes[name] ?? []
      tensors[name] = (shape, (0..<shape.reduce(1, *)).map { Float(number * 10_000 + $0) })
    }
  }
}

/// The shapes of CLIP by the names of the two libraries, spelled out once more.
enum CLIPShapes {
  static func openAI(
    _ c: ModelConfiguration, textWidth: Int? = nil, textLayers: Int = 0, positions: Int = 77
  ) -> [String: [Int]] {
    var shapes = [
      "visual.conv1.weight": [c.width, 3, c.patch, c.patch], "visual.class_embedding": [c.width],
      "visual.positional_embedding": [c.tokenCount, c.width], "visual.ln_pre.weight": [c.width],
      "visual.ln_pre.bias": [c.width], "visual.ln_post.weight": [c.width], "visual.ln_post.bias": [c.width],
      "visual.proj": [c.width, c.embedDim],
    ]
    for layer in 0..<c.layers { addBlock("visual.transformer.resblocks.\(layer).", c.width, to: &shapes) }
    guard let textWidth else { return shapes }
    for layer in 0..<textLayers { addBlock("transformer.resblocks.\(layer).", textWidth, to: &shapes) }
    shapes["positional_embedding"] = [positions, textWidth]
    shapes["token_embedding.weight"] = [10, textWidth]
    shapes["ln_final.weight"] = [textWidth]
    shapes["ln_final.bias"] = [textWidth]
    shapes["text_projection"] = [textWidth, c.embedDim]
    shapes["logit_scale"] = []
    return shapes
  }

  static func addBlock(_ prefix: String, _ width: Int, to shapes: inout [String: [Int]]) {
    for (name, shape) in [
      ("attn.in_proj_weight", [3 * width, width]), ("attn.in_proj_bias", [3 * width]),
      ("attn.out_proj.weight", [width, width]), ("attn.out_proj.bias", [width]), ("ln_1.weight", [width]),
      ("ln_1.bias", [width]), ("ln_2.weight", [width]), ("ln_2.bias", [width]),
      ("mlp.c_fc.weight", [4 * width, width]), ("mlp.c_fc.bias", [4 * width]),
      ("mlp.c_proj.weight", [width, 4 * width]), ("mlp.c_proj.bias", [width]),
    ] { shapes[prefix + name] = shape }
  }

  static func huggingFace(
    _ c: ModelConfiguration, textWidth: Int? = nil, textLayers: Int = 0, positions: Int = 77
  ) -> [String: [Int]] {
    var shapes = [
      "vision_model.embeddings.patch_embedding.weight": [c.width, 3, c.patch, c.patch],
      "vision_model.embeddings.class_embedding": [c.width],
      "vision_model.embeddings.position_embedding.weight": [c.tokenCount, c.width],
      "vision_model.pre_layrnorm.weight": [c.width], "vision_model.pre_layrnorm.bias": [c.width],
      "vision_model.post_layernorm.weight": [c.width], "vision_model.post_layernorm.bias": [c.width],
      "visual_projection.weight": [c.embedDim, c.width],
    ]
    for layer in 0..<c.layers { addLayer("vision_model.encoder.layers.\(layer).", c.width, to: &shapes) }
    guard let textWidth else { return shapes }
    for layer in 0..<textLayers { addLayer("text_model.encoder.layers.\(layer).", textWidth, to: &shapes) }
    shapes["text_model.embeddings.position_embedding.weight"] = [positions, textWidth]
    shapes["text_model.embeddings.token_embedding.weight"] = [10, textWidth]
    shapes["text_model.final_layer_norm.weight"] = [textWidth]
    shapes["text_projection.weight"] = [c.embedDim, textWidth]
    shapes["logit_scale"] = []
    return shapes
  }

  private static func addLayer(_ prefix: String, _ width: Int, to shapes: inout [String: [Int]]) {
    for kind in ["q_proj", "k_proj", "v_proj", "out_proj"] {
      shapes["\(prefix)self_attn.\(kind).weight"] = [width, width]
      shapes["\(prefix)self_attn.\(kind).bias"] = [width]
    }
    for norm in ["layer_norm1", "layer_norm2"] {
      shapes["\(prefix)\(norm).weight"] = [width]
      shapes["\(prefix)\(norm).bias"] = [width]
    }
    shapes["\(prefix)mlp.fc1.weight"] = [4 * width, width]
    shapes["\(prefix)mlp.fc1.bias"] = [4 * width]
    shapes["\(prefix)mlp.fc2.weight"] = [width, 4 * width]
    shapes["\(prefix)mlp.fc2.bias"] = [width]
  }

  /// The authors' state dict, what of it an import takes and one of each other part.
  static func release(_ c: ModelConfiguration, layers: Int = 2) -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for (name, shape) in openAI(c, textWidth: c.embedDim, textLayers: 1) { shapes["clip." + name] = shape }
    for layer in 0..<layers { addBlock("transformerClip.resblocks.\(layer).", c.embedDim, to: &shapes) }
    addBlock("frame2t_attention.resblocks.0.", c.embedDim, to: &shapes)
    shapes["trans_layernorm.weight"] = [c.embedDim]
    shapes["trans_layernorm.bias"] = [c.embedDim]
    shapes["frame_position_embeddings.weight"] = [77, c.embedDim]
    shapes["type_position_embeddings.weight"] = [2, c.embedDim]
    for name in ["fc_asr", "fc_title"] {
      shapes[name + ".weight"] = [c.embedDim, c.textDim]
      shapes[name + ".bias"] = [c.embedDim]
    }
    for name in [
      "cross.pooler.dense.bias", "similarity_dense.weight", "cat2emb.0.weight", "cat2emb_trans.feed_forward.fc1.bias",
      "fusion_layer.self_attention.scale", "loss_graph.gnn.layers.0.norm1.bias",
    ] { shapes[name] = [3] }
    return shapes
  }
}
