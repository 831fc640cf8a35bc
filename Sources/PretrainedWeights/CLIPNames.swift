/// Where a file keeps the towers of CLIP: our names to recipes over its own.
struct CLIPNames: Equatable, Sendable {
  private let isHuggingFace: Bool
  /// Before the names of CLIP.
  let prefix: String

  init(_ found: FoundNaming) {
    isHuggingFace = found.naming == .huggingFace
    prefix = found.prefix + (found.naming == .release ? "clip." : "")
  }

  /// The image encoder's parameter `visual.NAME`, NAME given; nil where the encoder has none of that name.
  ///
  /// - Parameter grids: patches of a side, in the file and in the model.
  func visual(_ name: String, grids: (file: Int, model: Int)) -> WeightRecipe? {
    let full = isHuggingFace ? CLIPNames.huggingFaceVisual[name] : "visual." + name
    if name == "positional_embedding", let full {
      return .positions(prefix + full, from: grids.file, to: grids.model)
    }
    if name == "proj", isHuggingFace { return .transpose(prefix + "visual_projection.weight") }
    guard let block = BlockName(name, under: "transformer.resblocks.") else { return full.map { .copy(prefix + $0) } }
    return recipe(block, of: "vision_model.encoder.layers.", or: "visual.transformer.resblocks.")
  }

  /// A parameter of block `number` of the text transformer, `name` as in `attn.in_proj_weight`.
  func textBlock(_ number: Int, _ name: String) -> WeightRecipe? {
    recipe(
      BlockName(number: number, name: name), of: "text_model.encoder.layers.", or: "transformer.resblocks.")
  }

  /// The text transformer's positions, (tokens, width).
  var textPositions: String {
    prefix + (isHuggingFace ? "text_model.embeddings.position_embedding.weight" : "positional_embedding")
  }

  /// What names of the text transformer's blocks begin with.
  var textBlocks: String { prefix + (isHuggingFace ? "text_model.encoder.layers." : "transformer.resblocks.") }
  var visualBlocks: String {
    prefix + (isHuggingFace ? "vision_model.encoder.layers." : "visual.transformer.resblocks.")
  }

  /// Whether a tensor is of the image encoder, known there or not.
  func isVisual(_ name: String) -> Bool {
    (isHuggingFace ? ["vision_model.", "visual_projection."] : ["visual."]).contains { name.hasPrefix(prefix + $0) }
  }

  private func recipe(_ block: BlockName, of huggingFace: String, or openAI: String) -> WeightRecipe? {
    guard isHuggingFace else { return .copy("\(prefix)\(openAI)\(block.number).\(block.name)") }
    return CLIPNames.huggingFaceBlock(block.name, prefix: "\(prefix)\(huggingFace)\(block.number).")
  }

  /// What is outside the blocks.
  private static let huggingFaceVisual = [
    "conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "class_embedding": "vision_model.embeddings.class_embedding",
    "positional_embedding": "vision_model.embeddings.position_embedding.weight",
    // The library's own spelling.
    "ln_pre.weight": "vision_model.pre_layrnorm.weight", "ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "ln_post.weight": "vision_model.post_layernorm.weight", "ln_post.bias": "vision_model.post_layernorm.bias",
  ]

  /// A block's parameter by the names of Hugging Face.
  static func huggingFaceBlock(_ name: String, prefix: String) -> WeightRecipe? {
    let parts = name.split(separator: ".")
    switch (parts.first, parts.dropFirst().first, parts.last) {
    case ("attn", "in_proj_weight", _): return .stack("qkv".map { "\(prefix)self_attn.\($0)_proj.weight" })
    case ("attn", "in_proj_bias", _): return .stack("qkv".map { "\(prefix)self_attn.\($0)_proj.bias" })
    case ("attn", "out_proj", let kind?): return .copy("\(prefix)self_attn.out_proj.\(kind)")
    case ("ln_1", _, let kind?): return .copy("\(prefix)layer_norm1.\(kind)")
    case ("ln_2", _, let kind?): return .copy("\(prefix)layer_norm2.\(kind)")
    case ("mlp", "c_fc", let kind?): return .copy("\(prefix)mlp.fc1.\(kind)")
    case ("mlp", "c_proj", let kind?): return .copy("\(prefix)mlp.fc2.\(kind)")
    default: return nil
    }
  }
}

/// `PREFIX<number>.<name>`, as in `transformer.resblocks.3.attn.in_proj_weight`.
struct BlockName: Equatable {
  let number: Int
  let name: String

  init(number: Int, name: String) { (self.number, self.name) = (number, name) }

  init?(_ full: some StringProtocol, under prefix: String) {
    guard full.hasPrefix(prefix) else { return nil }
    let parts = full.dropFirst(prefix.count).split(separator: ".", maxSplits: 1)
    guard parts.count == 2, let number = Int(parts[0]), number >= 0, parts[0].utf8.count < 5 else { return nil }
    self.init(number: number, name: String(parts[1]))
  }

  /// How many blocks `names` have under a prefix, without gap from 0.
  static func count(under prefix: String, in names: some Sequence<String>) -> Int {
    let numbers = Set(names.compactMap { BlockName($0, under: prefix)?.number })
    return (0...).prefix { numbers.contains($0) }.count
  }
}
