import SGMNModel

/// Starting values from the first blocks of CLIP's text transformer and its positions, as CLIP4Clip starts its own
/// (docs/model.md, "Starting weights"), where it is as wide as the shared embedding.
struct TextTransformerStarts: Sendable {
  /// Why some or all of them are not taken.
  private(set) var notes: [String] = []
  private let names: CLIPNames
  private var blockCount = 0
  /// Rows of the table of positions.
  private var positionCount = 0
  private let model: ModelConfiguration

  init(_ plan: ImportPlan) {
    (names, model) = (plan.names, plan.model)
    guard model.tmc || model.smf else { return }
    let count = plan.found.naming == .own ? 0 : BlockName.count(under: names.textBlocks, in: plan.shapes.keys)
    guard count > 0 else {
      notes.append("the file has no text transformer of CLIP: tmc and smf start at random")
      return
    }
    let width = names.textBlock(0, "ln_1.weight").flatMap { plan.shapes[$0.sources[0]]?.last }
    guard width == model.embedDim else {
      notes.append(
        "the text transformer is \(width ?? 0) wide, model.embed_dim is \(model.embedDim): tmc and smf start at random")
      return
    }
    blockCount = count
    positionCount = plan.shapes[names.textPositions]?.first ?? 0
    noteLimits()
  }

  private mutating func noteLimits() {
    if model.tmc, model.tmcLayers > blockCount {
      notes.append("the text transformer has \(blockCount) blocks: tmc.temporal starts at random from there on")
    }
    if model.smf, blockCount < 2 {
      notes.append("the text transformer has one block: smf.cross_attention starts at random")
    }
    for (name, count) in [("tmc.position", model.tmc ? model.frames : 0), ("smf.position", smfPositions)]
    where count > positionCount {
      notes.append("the text transformer has \(positionCount) positions, \(name) has \(count): they start at random")
    }
  }

  private var smfPositions: Int { model.smf ? (model.smfTokens == .patch ? model.tokenCount : 1) : 0 }

  /// nil for parameters that have no such start.
  func recipe(_ parameter: String) -> WeightRecipe? {
    switch parameter {
    case "tmc.position": return positions(model.frames)
    case "smf.position": return positions(smfPositions)
    default: break
    }
    if let block = BlockName(parameter, under: "tmc.temporal.resblocks.") { return recipe(block.number, block.name) }
    for (number, prefix) in ["smf.self_attention.", "smf.cross_attention."].enumerated()
    where parameter.hasPrefix(prefix) {
      return recipe(number, String(parameter.dropFirst(prefix.count)))
    }
    return nil
  }

  private func recipe(_ block: Int, _ name: String) -> WeightRecipe? {
    block < blockCount ? names.textBlock(block, name) : nil
  }

  private func positions(_ count: Int) -> WeightRecipe? {
    count <= positionCount ? .firstRows(names.textPositions, count: count) : nil
  }
}
