import SGMNModel

/// The names of the authors' checkpoints for what retrieval needs besides the image encoder (docs/model.md, "Starting
/// weights"). Their other parameters belong to parts that are another thing in this model, and are not taken.
struct ReleaseNames: Sendable {
  /// Settings of the model that would suit the file better.
  private(set) var settings: [String] = []
  /// What makes the file unfit for the model and no shape shows.
  private(set) var problems: [String] = []
  private let prefix: String
  private let model: ModelConfiguration

  private static let prefixes = [
    ("tmc.temporal.", "transformerClip."), ("tmc.difference.", "frame2t_attention."), ("tmc.norm.", "trans_layernorm."),
    ("asr.linear.", "fc_asr."), ("title.linear.", "fc_title."),
  ]

  init(_ plan: ImportPlan) {
    (prefix, model) = (plan.found.prefix, plan.model)
    if !model.tmc { settings.append("model.tmc=true") }
    let layers = BlockName.count(under: prefix + "transformerClip.resblocks.", in: plan.shapes.keys)
    if model.tmc, layers != model.tmcLayers { settings.append("model.tmc_layers=\(layers)") }
    guard model.text else { return }
    if model.textFilter == .gated {
      problems.append("The authors' filters of texts are linear, the gates of this model would begin at random")
      settings.append("model.text_filter=linear")
    }
    guard let filter = plan.shapes[prefix + "fc_asr.weight"] else {
      settings.append("model.text=false")
      return
    }
    if filter.count == 2, filter[1] != model.textDim { settings.append("model.text_dim=\(filter[1])") }
  }

  /// nil for what is not taken.
  func recipe(_ parameter: String) -> WeightRecipe? {
    switch parameter {
    case "tmc.position": return .firstRows(prefix + "frame_position_embeddings.weight", count: model.frames)
    case "tmc.kind": return .copy(prefix + "type_position_embeddings.weight")
    default: break
    }
    for (own, theirs) in ReleaseNames.prefixes where parameter.hasPrefix(own) {
      return .copy(prefix + theirs + parameter.dropFirst(own.count))
    }
    return nil
  }
}
