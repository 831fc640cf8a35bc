import NeuralNetworks
import TensorCore
import Testing

@testable import SGMNModel

/// Parameters by name and shape: what checkpoints of this model, and of CLIP, must hold. Takes no memory for them.
@Suite struct SGMNParameterTests {
  private func shapes(_ c: ModelConfiguration) throws -> [String: [Int]] {
    var visitor = ParameterVisitor()
    try SGMN(c).visitParameters(&visitor)
    return Dictionary(uniqueKeysWithValues: visitor.found.map { ($0.name, $0.parameter.shape) })
  }

  private func linear(_ name: String, _ inputs: Int, _ outputs: Int) -> [String: [Int]] {
    [name + ".weight": [outputs, inputs], name + ".bias": [outputs]]
  }

  private func norm(_ name: String, _ width: Int) -> [String: [Int]] {
    [name + ".weight": [width], name + ".bias": [width]]
  }

  private func attention(_ name: String, _ width: Int) -> [String: [Int]] {
    joined([
      [name + ".in_proj_weight": [3 * width, width], name + ".in_proj_bias": [3 * width]],
      linear(name + ".out_proj", width, width),
    ])
  }

  private func block(_ name: String, _ width: Int) -> [String: [Int]] {
    joined([
      attention(name + ".attn", width), norm(name + ".ln_1", width), norm(name + ".ln_2", width),
      linear(name + ".mlp.c_fc", width, 4 * width), linear(name + ".mlp.c_proj", 4 * width, width),
    ])
  }

  private func branch(_ name: String) -> [String: [Int]] {
    joined([
      attention(name + ".cross.attn", 512), norm(name + ".cross.norm", 512), attention(name + ".intra.attn", 512),
      norm(name + ".intra.norm", 512), linear(name + ".ffn.fc_1", 512, 512), linear(name + ".ffn.fc_2", 512, 512),
      norm(name + ".ffn.norm", 512),
    ])
  }

  private func joined(_ parts: [[String: [Int]]]) -> [String: [Int]] {
    parts.reduce(into: [:]) { $0.merge($1) { _, _ in fatalError("a name stands twice") } }
  }

  /// The names of OpenAI's CLIP ViT-B/32.
  private var clip: [String: [Int]] {
    joined(
      [
        [
          "visual.class_embedding": [768], "visual.positional_embedding": [50, 768], "visual.proj": [768, 512],
          "visual.conv1.weight": [768, 3, 32, 32],
        ], norm("visual.ln_pre", 768), norm("visual.ln_post", 768),
      ] + (0..<12).map { block("visual.transformer.resblocks.\($0)", 768) })
  }

  @Test func theVisualEncoderIsCLIPs() throws {
    let visual = try shapes(ModelConfiguration()).filter { $0.key.hasPrefix("visual.") }
    #expect(visual == clip)
    #expect(visual.values.reduce(0) { $0 + $1.reduce(1, *) } == 87_849_216)  // as CLIP's own checkpoint counts
  }

  @Test func theRestIsAsTheDocumentLists() throws {
    let expected = joined([
      ["tmc.position": [10, 512], "tmc.kind": [2, 512]], block("tmc.difference.resblocks.0", 512),
      norm("tmc.norm", 512), block("tmc.temporal.resblocks.0", 512), block("tmc.temporal.resblocks.1", 512),
      linear("asr.linear", 512, 512), linear("title.linear", 512, 512),
      linear("gci.relevance_v2i.fc_1", 10, 10), linear("gci.relevance_v2i.fc_2", 10, 1),
      linear("gci.relevance_i2v.fc_1", 10, 10), linear("gci.relevance_i2v.fc_2", 10, 1), branch("gci.image"),
      branch("gci.video"), linear("smf.text", 512, 512), norm("smf.text_norm", 512),
      linear("smf.ffn.fc_1", 512, 1024), linear("smf.ffn.fc_2", 1024, 512), norm("smf.ffn.norm", 512),
      ["smf.position": [50, 512]], block("smf.self_attention", 512), block("smf.cross_attention", 512),
      linear("smf.score", 512, 1),
    ])
    #expect(try shapes(ModelConfiguration()).filter { !$0.key.hasPrefix("visual.") } == expected)
  }

  @Test func aSwitchRemovesItsOwnParametersAlone() throws {
    let all = try shapes(ModelConfiguration())
    let cases: [([String], @Sendable (inout ModelConfiguration) -> Void)] = [
      (["tmc."], { $0.tmc = false }), (["gci."], { $0.gci = false }), (["smf."], { $0.smf = false }),
      (["asr.", "title.", "smf.text.", "smf.text_norm.", "smf.ffn."], { $0.text = false }),
      ([], { $0.graphI2I = false }), ([], { $0.graphV2V = false }), ([], { $0.graphCross = false }),
      ([], { $0.padding = .release }), ([], { $0.mining = .distance }),
    ]
    for (prefixes, change) in cases {
      let kept = all.filter { name, _ in !prefixes.contains { name.hasPrefix($0) } }
      #expect(try shapes(ModelConfiguration().with(change)) == kept)
      #expect(prefixes.isEmpty || kept.count < all.count)
    }
  }

  @Test func gatesAndFrameTokensChangeTheirPartsAlone() throws {
    let all = try shapes(ModelConfiguration())
    let gate = { (name: String) in
      joined([
        linear(name + ".gate_1", 768, 128), linear(name + ".gate_2", 128, 1), linear(name + ".value", 768, 512),
      ])
    }
    #expect(
      try shapes(ModelConfiguration().with { $0.textFilter = .gated }) == joined([all, gate("asr"), gate("title")]))
    var frames = all
    frames["smf.position"] = [1, 512]
    #expect(try shapes(ModelConfiguration().with { $0.smfTokens = .frame }) == frames)
  }
}

@Suite struct SGMNTests {
  static let valid = [3, 1, 2, 2]
  static let products: [UInt64] = [5, 6, 5, 8]

  private func batch(_ c: ModelConfiguration) -> PairBatch {
    .random(c, validCounts: SGMNTests.valid, products: SGMNTests.products)
  }

  @Test func theObjectiveIsTheWeightedSumOfItsLosses() throws {
    let c = ModelConfiguration.tiny
    let model = try SGMN(c)
    let arena = bind(model)
    let output = model(batch(c), dtype: .float64, backend: cpu)
    #expect(output.losses.map(\.name) == ["visual", "text", "graph", "divergence", "match"])
    let sum = dot(output.losses.map { $0.value.item() }, [1, 0.5, 0.7, 0.7, 0.3])
    #expect(abs(try #require(output.total).item() - sum) < 1e-12)
    withExtendedLifetime(arena) {}
  }

  @Test func aSwitchRemovesItsOwnLosses() throws {
    let cases: [([String], @Sendable (inout ModelConfiguration) -> Void)] = [
      (["text", "graph", "divergence", "match"], { $0.tmc = false }),
      (["graph", "divergence", "match"], { $0.text = false }), (["text", "match"], { $0.gci = false }),
      (["text", "graph", "divergence"], { $0.smf = false }),
    ]
    for (names, change) in cases {
      let c = ModelConfiguration.tiny.with(change)
      let model = try SGMN(c)
      let arena = bind(model, dtype: .float32)
      let output = model(batch(c), backend: cpu)
      #expect(output.losses.map(\.name) == ["visual"] + names)
      #expect(output.total?.item().isFinite == true)
      withExtendedLifetime(arena) {}
    }
  }

  /// The hardest negatives' triplet loss of two sets of embeddings, by loops.
  private func triplet(_ a: Tensor, _ b: Tensor) -> Double {
    let (x, y) = (a.doubles(), b.doubles())
    let s = { (r: Int, c: Int) in dot(x[(r * 8)..<(r * 8 + 8)], y[(c * 8)..<(c * 8 + 8)]) }
    return (0..<4).reduce(0.0) { sum, r in
      let others = (0..<4).filter { SGMNTests.products[$0] != SGMNTests.products[r] }
      let rows = others.map { max(0, 0.2 + s(r, $0) - s(r, r)) }.max() ?? 0
      let columns = others.map { max(0, 0.2 + s($0, r) - s(r, r)) }.max() ?? 0
      return sum + (rows + columns) / 4
    }
  }

  /// What goes into which loss, from the embeddings that the forward pass hands out.
  @Test func everyLossIsThatOfItsEmbeddings() throws {
    let c = ModelConfiguration.tiny.with { $0.mining = .hardest }
    let model = try SGMN(c)
    let arena = bind(model)
    let batch = batch(c)
    let output = model(batch, dtype: .float64, backend: cpu)
    let losses = Dictionary(uniqueKeysWithValues: output.losses.map { ($0.name, $0.value.item()) })
    let (i, v) = (output.image, output.clip)
    let texts = try #require(output.texts)
    for x in [i, v, texts.asr, texts.title] {
      for row in 0..<4 {
        let values = x.doubles()[(row * 8)..<(row * 8 + 8)]
        #expect(abs(dot(values, values) - 1) < 1e-12)
      }
    }
    let gci = try #require(model.gci)
    let graph = gci(image: i, clip: v, frames: output.frames, mask: batch.mask)
    let match = try match(model, batch, output)
    let expected = [
      "visual": triplet(v, i), "text": triplet(texts.asr, texts.title),
      "graph": triplet(graph.clip, graph.image) + triplet(v, graph.image) + triplet(graph.clip, i),
      "divergence": graph.divergence.item(), "match": match,
    ]
    #expect(Set(losses.keys) == Set(expected.keys))
    for (name, value) in expected {
      #expect(value > 0 && abs(value - (losses[name] ?? .nan)) < 1e-10, "\(name)")
    }
    withExtendedLifetime(arena) {}
  }

  /// The matching loss on every token: those of the image with the title, those of the valid frames with the ASR.
  private func match(_ model: SGMN, _ batch: PairBatch, _ output: SGMN.Output) throws -> Double {
    let texts = try #require(output.texts)
    let tokens = { (pictures: [UInt8]) -> [Double] in
      let patches = model.visual.patches(of: pictures, dtype: .float64, backend: cpu)
      return model.visual(patches: patches, classTokensOnly: false).doubles()
    }
    // The tokens of a padded frame may be anything: here they are 7.
    var clipTokens = [Double](repeating: 7, count: 4 * 3 * 5 * 8)
    let frames = tokens(batch.frames)
    for (frame, slot) in batch.frameSlots.enumerated() {
      clipTokens.replaceSubrange(
        (Int(slot) * 40)..<(Int(slot) * 40 + 40), with: frames[(frame * 40)..<(frame * 40 + 40)])
    }
    let row = { (x: Tensor, r: Int) in x.doubles()[(r * 8)..<(r * 8 + 8)] }
    let similarity = (0..<4).flatMap { clip in
      (0..<4).map { image -> Double in
        dot(row(output.clip, clip), row(output.image, image)) + 0.5 * dot(row(texts.asr, clip), row(texts.title, image))
      }
    }
    let products = SGMNTests.products
    let hard = HardExamples(
      similarity: tensor(similarity, [4, 4]),
      same: tensor(products.flatMap { a in products.map { a == $0 ? 1 : 0 } }, [4, 4]), candidateCount: 3)
    let input = SelectiveFusion.Input(
      imageTokens: tensor(tokens(batch.images), [4, 5, 8]), clipTokens: tensor(clipTokens, [4, 15, 8]),
      clipMask: batch.mask.flatMap { [Bool](repeating: $0, count: 5) }, imageText: texts.title, clipText: texts.asr)
    let smf = try #require(model.smf)
    return smf(input, hard: hard).item()
  }

  @Test func patchTokensOrNotTheEmbeddingsAreTheSame() throws {
    let outputs = try [ModelConfiguration.FusionTokens.patch, .frame].map { kind in
      let c = ModelConfiguration.tiny.with { $0.smfTokens = kind }
      let model = try SGMN(c)
      let arena = bind(model)
      let output = model(batch(c), dtype: .float64, backend: cpu)
      withExtendedLifetime(arena) {}
      return output
    }
    #expect(distance(outputs[0].clip.doubles(), outputs[1].clip.doubles()) < 1e-12)
    #expect(distance(outputs[0].image.doubles(), outputs[1].image.doubles()) < 1e-12)
  }
}
