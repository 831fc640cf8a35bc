import Faults

/// Everything that decides what the model is and which losses train it; docs/model.md explains each.
///
/// The keys of the file are the snake_case names below.
public struct ModelConfiguration: Codable, Sendable, Equatable {
  /// Pixels of a side of a picture.
  public var resolution = 224
  /// Pixels of a side of a patch.
  public var patch = 32
  /// Width of the visual encoder.
  public var width = 768
  public var layers = 12
  public var heads = 12
  /// Width of the embedding that clips, images and texts share.
  public var embedDim = 512
  /// Frames of a clip, at most.
  public var frames = 10

  /// Temporal motion compensation.
  public var tmc = true
  public var tmcLayers = 2
  public var tmcHeads = 8
  public var padding = Padding.standard

  public var text = true
  /// Width of the pooled text embedding.
  public var textDim = 512
  public var textFilter = TextFilterKind.linear
  public var textTokenDim = 768
  public var textGateHidden = 128
  /// Whether the features of texts come from an encoder that is a part of the model, not from the shards.
  public var trainsText = false
  /// That encoder.
  public var textEncoder = TextEncoderConfiguration()

  /// Graph-based cross-domain interaction.
  public var gci = true
  public var graphI2I = true
  public var graphV2V = true
  public var graphCross = true
  public var gciHeads = 8
  /// The share of a row's nodes that it stays connected to.
  public var connectionRatio = 0.5

  /// Selective multi-modal fusion.
  public var smf = true
  public var smfHeads = 8
  public var smfTokens = FusionTokens.patch
  /// Candidates of a matching: the positive and the hardest others.
  public var hardExamples = 4
  public var fusionHidden = 1024

  /// Margin of the triplet losses.
  public var margin = 0.2
  public var mining = Mining.violating
  /// Whose pairs the triplet losses and the graph see.
  public var negatives = Negatives.local
  public var lambdaText = 0.5
  public var alphaText = 0.5
  public var betaGraph = 0.7
  public var betaMatch = 0.3

  public init() {}

  /// What padded frames are to temporal motion compensation.
  public enum Padding: String, Codable, Sendable {
    /// A difference is seen where both its frames are valid.
    case standard
    /// Where its first frame is, and padded frames are pictures of zeros: for the authors' checkpoints alone.
    case release
  }

  public enum TextFilterKind: String, Codable, Sendable { case linear, gated }

  /// Whether the model encodes the texts themselves.
  public var encodesText: Bool { text && trainsText }
  /// Whether it takes pooled embeddings of texts that are stored with the samples.
  public var readsEmbeddings: Bool { text && !trainsText }
  /// Whether it takes features of single tokens that are stored with the samples.
  public var readsTokens: Bool { readsEmbeddings && textFilter == .gated }
  /// What the matcher compares: every patch token, or one embedding a frame and image.
  public enum FusionTokens: String, Codable, Sendable { case patch, frame }
  /// How a triplet loss chooses negatives.
  public enum Mining: String, Codable, Sendable { case hardest, violating, distance }
  /// The rank's own batch, or the batches of all ranks together. The matcher keeps to the rank's own.
  public enum Negatives: String, Codable, Sendable, CaseIterable { case local, global }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case resolution, patch, width, layers, heads, frames, tmc, padding, text, gci, smf, margin, mining, negatives
    case embedDim = "embed_dim"
    case tmcLayers = "tmc_layers"
    case tmcHeads = "tmc_heads"
    case textDim = "text_dim"
    case textFilter = "text_filter"
    case textTokenDim = "text_token_dim"
    case textGateHidden = "text_gate_hidden"
    case trainsText = "trains_text"
    case textEncoder = "text_encoder"
    case graphI2I = "graph_i2i"
    case graphV2V = "graph_v2v"
    case graphCross = "graph_cross"
    case gciHeads = "gci_heads"
    case connectionRatio = "connection_ratio"
    case smfHeads = "smf_heads"
    case smfTokens = "smf_tokens"
    case hardExamples = "hard_examples"
    case fusionHidden = "fusion_hidden"
    case lambdaText = "lambda_text"
    case alphaText = "alpha_text"
    case betaGraph = "beta_graph"
    case betaMatch = "beta_match"
  }
}

extension ModelConfiguration {
  /// Patches of a side of a picture.
  public var grid: Int { resolution / patch }
  /// Tokens of a picture: the class token and the patches.
  public var tokenCount: Int { grid * grid + 1 }

  /// Throws where no model of these numbers exists.
  public func validate() throws {
    func require(_ holds: Bool, _ field: String, _ what: String) throws {
      if !holds { throw Fault(.configuration, "model.\(field): \(what)", remedy: "Change model.\(field)") }
    }
    // The upper bounds are far beyond any model; they keep what is computed from these numbers within an Int.
    let counts: [(String, Int)] = [
      ("resolution", resolution), ("patch", patch), ("width", width), ("heads", heads), ("embed_dim", embedDim),
      ("frames", frames), ("tmc_heads", tmcHeads), ("text_dim", textDim), ("text_token_dim", textTokenDim),
      ("text_gate_hidden", textGateHidden), ("gci_heads", gciHeads), ("smf_heads", smfHeads),
      ("hard_examples", hardExamples), ("fusion_hidden", fusionHidden),
    ]
    for (field, value) in counts {
      try require((1...65_536).contains(value), field, "\(value) is not within 1…65536")
    }
    for (field, value) in [("layers", layers), ("tmc_layers", tmcLayers)] {
      try require((0...1_024).contains(value), field, "\(value) is not within 0…1024")
    }
    try require(resolution % patch == 0, "patch", "\(patch) does not divide the resolution \(resolution)")
    try require(width % heads == 0, "heads", "\(heads) does not divide the width \(width)")
    for (field, value) in [("tmc_heads", tmcHeads), ("gci_heads", gciHeads), ("smf_heads", smfHeads)] {
      try require(embedDim % value == 0, field, "\(value) does not divide embed_dim \(embedDim)")
    }
    try require((0...1).contains(connectionRatio), "connection_ratio", "\(connectionRatio) is not within 0…1")
    try require(margin.isFinite && margin >= 0, "margin", "\(margin) is not a margin")
    let weights: [(String, Double)] = [
      ("lambda_text", lambdaText), ("alpha_text", alphaText), ("beta_graph", betaGraph), ("beta_match", betaMatch),
    ]
    for (field, value) in weights { try require(value.isFinite && value >= 0, field, "\(value) is not a weight") }
    try textEncoder.validate(require)
    if trainsText { try validateTrainedText(require) }
  }

  private func validateTrainedText(_ require: (Bool, String, String) throws -> Void) throws {
    try require(text, "trains_text", "there is no text to train on where model.text is false")
    try require(
      textDim == textEncoder.pooledWidth, "text_dim",
      "\(textDim) is not the width \(textEncoder.pooledWidth) of model.text_encoder's pooled embedding")
    try require(
      textFilter != .gated || textTokenDim == textEncoder.width, "text_token_dim",
      "\(textTokenDim) is not the width \(textEncoder.width) of model.text_encoder")
  }
}
