/// Tensors that belong to a file of some naming, and that an import may have no use for.
enum LeftoverTensors {
  /// First parts of the names of CLIP besides the image encoder: the text transformer, the scale of the logits, sizes.
  private static let openAI: Set<Substring> = [
    "transformer", "token_embedding", "positional_embedding", "ln_final", "text_projection", "logit_scale",
    "input_resolution", "context_length", "vocab_size", "bert",
  ]
  private static let huggingFace: Set<Substring> = ["text_model", "text_projection", "logit_scale"]
  /// Of this trainer's model.
  private static let own: Set<Substring> = ["tmc", "asr", "title", "gci", "smf", "text_encoder"]
  /// Of the authors' model: temporal motion compensation and text filters, then what only their training uses.
  private static let release: Set<Substring> = [
    "transformerClip", "frame2t_attention", "trans_layernorm", "frame_position_embeddings", "type_position_embeddings",
    "fc_asr", "fc_title", "cross", "similarity_dense", "fusion_layer", "cat2emb", "cat2emb_trans", "loss_graph",
    "recons_weights",
  ]

  static func isKnown(_ name: String, _ found: FoundNaming) -> Bool {
    guard name.hasPrefix(found.prefix) else { return false }
    let rest = name.dropFirst(found.prefix.count)
    let first = firstPart(rest)
    switch found.naming {
    case .openAI: return openAI.contains(first)
    case .huggingFace: return huggingFace.contains(first) || rest == "vision_model.embeddings.position_ids"
    case .own: return own.contains(first)
    case .release:
      return release.contains(first) || first == "clip" && openAI.contains(firstPart(rest.dropFirst("clip.".count)))
    }
  }

  private static func firstPart(_ name: Substring) -> Substring { name.prefix { $0 != "." } }
}
