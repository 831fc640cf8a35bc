extension ImportPlan {
  /// Of the image encoder: a model that was trained with exact GELU gives other embeddings with its approximation.
  mutating func noteActivation(_ stated: CLIPSettings?) {
    guard let activation = stated?.visual.activation, activation != "quick_gelu" else { return }
    problems.append(
      "config.json beside the file says hidden_act \(activation) of the image encoder, this one computes quick_gelu")
  }

  /// A tensor within the image encoder that this one has no place for, as layer scale or an adapter, changes what the
  /// file's encoder computes. Blocks beyond the model's are told as a setting.
  mutating func noteForeignTensors() {
    let foreign = report.unexpected.filter { name in
      guard names.isVisual(name) else { return false }
      guard let block = BlockName(name, under: names.visualBlocks) else { return true }
      return block.number < model.layers || block.number >= sizes.layers
    }
    guard !foreign.isEmpty else { return }
    problems.append(
      "The file's image encoder computes something else: it has \(foreign.count) tensor(s) that CLIP's has not: "
        + ImportPlan.list(foreign))
  }

  /// Of the image encoder, which no setting makes good: the file is a part, or of a smaller model.
  mutating func noteMissingBlocks() {
    let present = Set(shapes.keys.compactMap { BlockName($0, under: names.visualBlocks)?.number })
    let missing = (0..<model.layers).filter { !present.contains($0) }
    guard let first = missing.first, let last = missing.last, !settings.contains("model.layers=\(sizes.layers)") else {
      return
    }
    let isRange = missing.count > 1 && last - first == missing.count - 1
    let numbers = isRange ? "\(first)…\(last)" : ImportPlan.list(missing.map(String.init))
    problems.append("Block(s) \(numbers) of the image encoder's \(model.layers) are not in the file")
  }
}
