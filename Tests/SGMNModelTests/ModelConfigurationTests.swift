import Faults
import Foundation
import Testing

@testable import SGMNModel

@Suite struct ModelConfigurationTests {
  typealias Change = @Sendable (inout ModelConfiguration) -> Void

  static let wrong: [(field: String, change: Change)] = [
    ("resolution", { $0.resolution = 0 }), ("patch", { $0.patch = -32 }), ("patch", { $0.patch = 33 }),
    ("width", { $0.width = 0 }), ("layers", { $0.layers = -1 }), ("heads", { $0.heads = 0 }),
    ("heads", { $0.heads = 7 }), ("embed_dim", { $0.embedDim = 0 }), ("frames", { $0.frames = 0 }),
    ("tmc_layers", { $0.tmcLayers = -1 }), ("tmc_heads", { $0.tmcHeads = 0 }), ("tmc_heads", { $0.tmcHeads = 3 }),
    ("text_dim", { $0.textDim = 0 }), ("text_token_dim", { $0.textTokenDim = -1 }),
    ("text_gate_hidden", { $0.textGateHidden = 0 }), ("gci_heads", { $0.gciHeads = 5 }),
    ("connection_ratio", { $0.connectionRatio = 1.01 }), ("connection_ratio", { $0.connectionRatio = .nan }),
    ("smf_heads", { $0.smfHeads = 6 }), ("hard_examples", { $0.hardExamples = 0 }),
    ("fusion_hidden", { $0.fusionHidden = 0 }), ("margin", { $0.margin = -0.1 }), ("margin", { $0.margin = .infinity }),
    ("lambda_text", { $0.lambdaText = -1 }), ("alpha_text", { $0.alphaText = .nan }),
    ("resolution", { $0.resolution = .max }), ("width", { $0.width = .max }), ("layers", { $0.layers = .max }),
    ("frames", { $0.frames = 65_537 }), ("tmc_layers", { $0.tmcLayers = 1 << 40 }), ("patch", { $0.patch = .min }),
    ("text_encoder.vocabulary_size", { $0.textEncoder.vocabularySize = 5 }),
    ("text_encoder.vocabulary_size", { $0.textEncoder.vocabularySize = .max }),
    ("text_encoder.tokens", { $0.textEncoder.tokens = 2 }), ("text_encoder.tokens", { $0.textEncoder.tokens = 513 }),
    ("text_encoder.positions", { $0.textEncoder.positions = .max }),
    ("text_encoder.width", { $0.textEncoder.width = 0 }), ("text_encoder.layers", { $0.textEncoder.layers = -1 }),
    ("text_encoder.heads", { $0.textEncoder.heads = 5 }), ("text_encoder.hidden", { $0.textEncoder.hidden = .min }),
    ("text_encoder.segments", { $0.textEncoder.segments = 0 }),
    ("text_encoder.projection", { $0.textEncoder.projection = -1 }),
    ("trains_text", { ($0.trainsText, $0.text) = (true, false) }),
    ("text_dim", { ($0.trainsText, $0.textDim) = (true, 513) }),
    ("text_dim", { ($0.trainsText, $0.textEncoder.projection) = (true, 0) }),
    ("text_token_dim", { ($0.trainsText, $0.textFilter, $0.textTokenDim) = (true, .gated, 512) }),
    ("beta_graph", { $0.betaGraph = -0.7 }), ("beta_match", { $0.betaMatch = .infinity }),
  ]

  @Test(arguments: wrong.indices) func aRefusalNamesItsField(_ number: Int) throws {
    let (field, change) = ModelConfigurationTests.wrong[number]
    let c = ModelConfiguration().with(change)
    let refusal = #expect(throws: Fault.self) { try c.validate() }
    let fault = try #require(refusal)
    #expect(fault.code == .configuration)
    #expect(fault.what.hasPrefix("model.\(field): "))
    #expect(fault.remedy?.contains("model.\(field)") == true)
    #expect(throws: Fault.self) { _ = try SGMN(c) }
  }

  @Test func defaultsAndExtremesAreModels() throws {
    try ModelConfiguration().validate()
    try ModelConfiguration.tiny.validate()
    try ModelConfiguration().with {
      $0.layers = 0
      $0.tmcLayers = 0
      $0.frames = 1
      $0.connectionRatio = 0
      $0.margin = 0
      $0.betaMatch = 0
    }.validate()
    // What is trained may be read off the encoder's first token, and a linear filter minds no width of tokens.
    try ModelConfiguration().with {
      ($0.trainsText, $0.textEncoder.projection) = (true, 0)
      ($0.textDim, $0.textTokenDim) = (768, 1)
    }.validate()
    try ModelConfiguration().with { ($0.trainsText, $0.textFilter) = (true, .gated) }.validate()
    #expect(ModelConfiguration().tokenCount == 50)
  }

  @Test func keysAreThoseOfTheFile() throws {
    let data = try JSONEncoder().encode(ModelConfiguration())
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(
      object.keys.sorted() == [
        "alpha_text", "beta_graph", "beta_match", "connection_ratio", "embed_dim", "frames", "fusion_hidden", "gci",
        "gci_heads", "graph_cross", "graph_i2i", "graph_v2v", "hard_examples", "heads", "lambda_text", "layers",
        "margin", "mining", "negatives", "padding", "patch", "resolution", "smf", "smf_heads", "smf_tokens", "text",
        "text_dim",
        "text_encoder", "text_filter", "text_gate_hidden", "text_token_dim", "tmc", "tmc_heads", "tmc_layers",
        "trains_text", "width",
      ])
    #expect(object["mining"] as? String == "violating" && object["padding"] as? String == "standard")
    #expect(object["negatives"] as? String == "local")
    #expect(object["text_filter"] as? String == "linear" && object["smf_tokens"] as? String == "patch")
    let changed = ModelConfiguration.tiny.with {
      $0.mining = .distance
      $0.negatives = .global
      $0.padding = .release
      $0.textFilter = .gated
      $0.smfTokens = .frame
      $0.graphV2V = false
    }
    #expect(try JSONDecoder().decode(ModelConfiguration.self, from: JSONEncoder().encode(changed)) == changed)
  }
}
