import Faults
import NeuralNetworks
import SGMNModel
import Testing

@testable import PretrainedWeights

@Suite struct ImportPlanTests {
  /// A model of all parts, small.
  static let tiny: ModelConfiguration = {
    var c = ModelConfiguration()
    (c.resolution, c.patch, c.width, c.layers, c.heads, c.embedDim, c.frames) = (16, 8, 8, 2, 2, 4, 3)
    (c.tmcHeads, c.textDim, c.gciHeads, c.smfHeads, c.fusionHidden) = (2, 5, 2, 2, 6)
    return c
  }()
  private var tiny: ModelConfiguration { ImportPlanTests.tiny }

  private func targets(_ c: ModelConfiguration) throws -> [ImportPlan.Target] {
    var visitor = ParameterVisitor()
    try SGMN(c).visitParameters(&visitor)
    return visitor.found.map { ($0.name, $0.parameter.shape) }
  }

  private func plan(
    _ shapes: [String: [Int]], _ c: ModelConfiguration? = nil, _ request: ImportPlan.Request = .visual
  ) throws -> ImportPlan {
    let c = c ?? tiny
    let plan = try ImportPlan(request, shapes: shapes, targets: targets(c), model: c, path: "FILE")
    // Nothing is told twice and nothing is left out, whatever the file.
    let report = plan.report
    let named = { (line: String) in String(line.prefix { $0 != ":" }) }
    let parameters = report.taken + (report.missing + report.shapeDiffers).map(named) + report.untouched
    #expect(parameters.sorted() == (try targets(c)).map(\.name).sorted())
    let asked = plan.asked.intersection(shapes.keys)
    #expect((asked + report.notUsed + report.unexpected).sorted() == shapes.keys.sorted())
    #expect(Set(plan.recipes.keys) == Set(report.taken))
    return plan
  }

  private func fault(_ shapes: [String: [Int]], _ c: ModelConfiguration? = nil, _ request: ImportPlan.Request = .visual)
    throws -> Fault
  {
    try #require(#expect(throws: Fault.self) { try plan(shapes, c, request).check() })
  }

  @Test func namesOfOpenAI() throws {
    let plan = try plan(CLIPShapes.openAI(tiny, textWidth: 4, textLayers: 3))
    try plan.check()
    #expect(plan.found == FoundNaming(.openAI))
    #expect(plan.recipes["visual.proj"] == .copy("visual.proj"))
    #expect(plan.recipes["visual.positional_embedding"] == .positions("visual.positional_embedding", from: 2, to: 2))
    #expect(
      plan.recipes["tmc.temporal.resblocks.1.mlp.c_fc.bias"] == .copy("transformer.resblocks.1.mlp.c_fc.bias"))
    #expect(plan.recipes["smf.self_attention.ln_1.bias"] == .copy("transformer.resblocks.0.ln_1.bias"))
    #expect(plan.recipes["smf.cross_attention.attn.in_proj_bias"] == .copy("transformer.resblocks.1.attn.in_proj_bias"))
    #expect(plan.recipes["tmc.position"] == .firstRows("positional_embedding", count: 3))
    #expect(plan.recipes["smf.position"] == .firstRows("positional_embedding", count: 5))
    #expect(plan.report.unexpected.isEmpty && plan.report.notes.isEmpty, "\(plan.report)")
    #expect(plan.report.untouched.allSatisfy { !$0.hasPrefix("visual.") && !$0.hasPrefix("tmc.temporal.") })
    #expect(plan.report.untouched.contains("tmc.difference.resblocks.0.ln_1.weight"))
  }

  @Test func namesOfHuggingFace() throws {
    let plan = try plan(CLIPShapes.huggingFace(tiny, textWidth: 4, textLayers: 2))
    try plan.check()
    #expect(plan.found == FoundNaming(.huggingFace))
    #expect(plan.recipes["visual.proj"] == .transpose("visual_projection.weight"))
    #expect(plan.recipes["visual.conv1.weight"] == .copy("vision_model.embeddings.patch_embedding.weight"))
    #expect(plan.recipes["visual.ln_pre.bias"] == .copy("vision_model.pre_layrnorm.bias"))
    let attention = "vision_model.encoder.layers.1.self_attn."
    #expect(
      plan.recipes["visual.transformer.resblocks.1.attn.in_proj_weight"]
        == .stack(["\(attention)q_proj.weight", "\(attention)k_proj.weight", "\(attention)v_proj.weight"]))
    #expect(
      plan.recipes["visual.transformer.resblocks.1.mlp.c_proj.bias"]
        == .copy("vision_model.encoder.layers.1.mlp.fc2.bias"))
    #expect(
      plan.recipes["smf.self_attention.ln_2.weight"] == .copy("text_model.encoder.layers.0.layer_norm2.weight"))
    #expect(plan.report.unexpected.isEmpty, "\(plan.report)")
    #expect(plan.report.notUsed.contains("logit_scale"))
  }

  @Test(arguments: ["module.", "model.", "clip.", "module.model.", "model.clip."])
  func prefixesOfWrappersAreStripped(_ prefix: String) throws {
    for shapes in [CLIPShapes.openAI(tiny), CLIPShapes.huggingFace(tiny)] {
      let wrapped = Dictionary(uniqueKeysWithValues: shapes.map { (prefix + $0, $1) })
      let plan = try plan(wrapped)
      try plan.check()
      #expect(plan.found.prefix == prefix)
    }
  }

  @Test func anEncoderAloneStartsTheRestAtRandomAndSaysSo() throws {
    let plan = try plan(CLIPShapes.huggingFace(tiny))
    try plan.check()
    #expect(plan.report.taken.allSatisfy { $0.hasPrefix("visual.") })
    #expect(plan.report.notes.contains { $0.contains("no text transformer") }, "\(plan.report.notes)")
  }

  @Test func aTextTransformerOfAnotherSizeIsNotTakenAndSaysSo() throws {
    let wide = try plan(CLIPShapes.openAI(tiny, textWidth: 6, textLayers: 2))
    try wide.check()
    #expect(wide.report.notes.contains { $0.contains("6 wide, model.embed_dim is 4") }, "\(wide.report.notes)")
    #expect(wide.report.taken.allSatisfy { $0.hasPrefix("visual.") })

    let short = try plan(CLIPShapes.openAI(tiny, textWidth: 4, textLayers: 1, positions: 4))
    try short.check()
    #expect(short.report.notes.contains { $0.contains("1 blocks: tmc.temporal") }, "\(short.report.notes)")
    #expect(short.report.notes.contains { $0.contains("smf.cross_attention") })
    #expect(short.report.notes.contains { $0.contains("4 positions, smf.position has 5") })
    #expect(short.report.taken.contains("tmc.position") && short.report.untouched.contains("smf.position"))
  }

  @Test func anIncompleteTextTransformerIsRefused() throws {
    var shapes = CLIPShapes.openAI(tiny, textWidth: 4, textLayers: 2)
    shapes["transformer.resblocks.0.mlp.c_fc.bias"] = nil
    let fault = try fault(shapes)
    #expect(fault.code == .configuration)
    #expect(fault.what.contains("no transformer.resblocks.0.mlp.c_fc.bias"), "\(fault)")
  }

  @Test func aFileOfNoKnownNamingIsRefusedWithItsFirstNames() throws {
    let resnet = ["visual.conv1.weight": [64, 3, 7, 7], "visual.attnpool.positional_embedding": [50, 8], "z": [1]]
    for shapes in [resnet, ["b": [1], "a": [2]], [:], ["other.visual.class_embedding": [4]]] {
      let fault = try fault(shapes)
      #expect(fault.code == .configuration && fault.place == "FILE")
      for name in shapes.keys { #expect(fault.what.contains(name), "\(fault)") }
    }
  }

  @Test func sizesThatDifferAreToldAsSettings() throws {
    var large = ModelConfiguration()
    (large.patch, large.width, large.layers, large.heads, large.embedDim) = (14, 1024, 24, 16, 768)
    let settings = "model.width=1024 model.layers=24 model.patch=14 model.embed_dim=768 model.heads=16"
    for shapes in [CLIPShapes.openAI(large), CLIPShapes.huggingFace(large)] {
      let fault = try fault(shapes, ModelConfiguration())
      #expect(fault.code == .configuration)
      #expect(fault.remedy?.contains(settings) == true, "\(fault)")
      try plan(shapes, large).check()
    }
  }

  /// The weights of a text transformer that is 768 wide are for twelve heads: with eight, all shapes are right.
  @Test func headsOfTheTextTransformerAreDemanded() throws {
    var large = ModelConfiguration()
    (large.patch, large.width, large.layers, large.heads, large.embedDim) = (14, 1024, 24, 16, 768)
    for shapes in [
      CLIPShapes.openAI(large, textWidth: 768, textLayers: 12),
      CLIPShapes.huggingFace(large, textWidth: 768, textLayers: 12),
    ] {
      let whole = "model.embed_dim=768 model.heads=16 model.tmc_heads=12 model.smf_heads=12"
      #expect(try fault(shapes, ModelConfiguration()).remedy?.contains(whole) == true)
      let fault = try fault(shapes, large)
      #expect(fault.code == .configuration && fault.what.contains("are for 12 heads"), "\(fault)")
      #expect(fault.remedy?.hasPrefix("Set model.tmc_heads=12 model.smf_heads=12, or") == true, "\(fault)")
      var fitting = large
      (fitting.tmcHeads, fitting.smfHeads) = (12, 12)
      try plan(shapes, fitting).check()
      fitting.gciHeads = 4
      try plan(shapes, fitting).check()
      // Nothing begins with these blocks.
      (fitting.tmc, fitting.smfHeads) = (false, 8)
      #expect(try self.fault(shapes, fitting).remedy?.hasPrefix("Set model.smf_heads=12, or") == true)
      fitting.smf = false
      try plan(shapes, fitting).check()
    }
    var wide = large
    wide.embedDim = 512
    try plan(CLIPShapes.openAI(wide, textWidth: 768, textLayers: 12), wide).check()
  }

  @Test func aDeeperFileIsRefused() throws {
    var deeper = tiny
    deeper.layers = 3
    let fault = try fault(CLIPShapes.openAI(deeper))
    #expect(fault.remedy?.contains("model.layers=3") == true, "\(fault)")
  }

  /// The first file of several: a shallower model would begin with it and nothing be said.
  @Test func aPartOfAFileIsNoShallowerModel() throws {
    var c = tiny
    c.layers = 6
    for (file, blocks) in [
      (CLIPShapes.openAI(c), "visual.transformer.resblocks."),
      (CLIPShapes.huggingFace(c), "vision_model.encoder.layers."),
    ] {
      let some = { (kept: Set<Int>) in
        file.filter { name, _ in BlockName(name, under: blocks).map { kept.contains($0.number) } ?? true }
      }
      for (kept, told) in [
        ([0, 1, 2] as Set, "3…5"), ([], "0…5"), ([3, 4, 5], "0…2"), ([0, 1, 2, 3, 5], "4"), ([1, 2, 4], "0; 3; 5"),
      ] {
        let fault = try fault(some(kept), c)
        #expect(fault.what.hasPrefix("Block(s) \(told) of the image encoder's 6 are not in the file. "), "\(fault)")
        #expect(fault.remedy?.contains("model.layers") == false, "\(fault)")
      }
    }
  }

  @Test(arguments: [
    "transformer.resblocks.0.ls_1.gamma", "transformer.resblocks.1.attn.lora_A.weight", "ln_patch.weight",
    "transformer.resblocks.7.ln_1.bias",
  ]) func anEncoderThatComputesMoreIsRefused(_ name: String) throws {
    for (shapes, full) in [
      (CLIPShapes.openAI(tiny), "visual." + name), (CLIPShapes.huggingFace(tiny), "vision_model." + name),
      (CLIPShapes.huggingFace(tiny), "visual_projection.bias"),
    ] {
      let fault = try fault(shapes.merging([full: [8]]) { $1 })
      #expect(fault.code == .configuration && fault.what.contains("computes something else"), "\(fault)")
      #expect(fault.what.contains(full) && fault.remedy?.contains("leave it out") == true, "\(fault)")
    }
    let full = "clip.visual." + name
    #expect(try fault(CLIPShapes.release(tiny).merging([full: [8]]) { $1 }, nil, .release).what.contains(full))
    // Beside the encoder it is told and changes nothing.
    let beside = try plan(CLIPShapes.openAI(tiny).merging(["logit_bias": []]) { $1 })
    try beside.check()
    #expect(beside.report.unexpected == ["logit_bias"])
  }

  @Test func missingAndDifferingParametersAreNamed() throws {
    var shapes = CLIPShapes.huggingFace(tiny)
    shapes["visual_projection.weight"] = nil
    shapes["vision_model.pre_layrnorm.bias"] = [7]
    shapes["vision_model.extra"] = [1]
    let plan = try plan(shapes)
    #expect(plan.report.missing == ["visual.proj: no visual_projection.weight"])
    #expect(plan.report.shapeDiffers == ["visual.ln_pre.bias: file [7], model [8]"])
    #expect(plan.report.unexpected == ["vision_model.extra"])
    let fault = try #require(#expect(throws: Fault.self) { try plan.check() })
    #expect(fault.code == .configuration && fault.what.contains("visual.proj") && fault.what.contains("visual.ln_pre"))
    let text = plan.report.text(heading: plan.heading)
    for line in plan.report.missing + plan.report.shapeDiffers + plan.report.unexpected + [plan.report.summary] {
      #expect(text.contains(line))
    }
  }

  @Test func hostileShapesAreRefusedAndTrapNowhere() throws {
    for shape in [[], [0], [0, 0], [4, 0], [0, 3, 0, 0], [Int.max], [Int.max, Int.max], [1, 1, 1, 1, 1]] {
      for original in [CLIPShapes.openAI(tiny), CLIPShapes.huggingFace(tiny, textWidth: 4, textLayers: 2)] {
        #expect(throws: Fault.self) { try plan(original.mapValues { _ in shape }).check() }
      }
      #expect(throws: Fault.self) {
        try plan(CLIPShapes.release(tiny).mapValues { _ in shape }, nil, .release).check()
      }
    }
    for name in ["visual.transformer.resblocks.99999999999999999999.ln_1.bias", "visual.transformer.resblocks.-1.x"] {
      let plan = try plan(CLIPShapes.openAI(tiny).merging([name: [1]]) { $1 })
      #expect(plan.report.unexpected == [name])
    }
  }

  @Test func anotherGridIsInterpolatedAndAnotherCountOfHeadsIsTold() throws {
    var c = encoderConfiguration(width: 128, layers: 1, heads: 2, patch: 8, embedDim: 8, resolution: 32)
    let shapes = CLIPShapes.openAI(c)
    c.resolution = 48
    let plan = try plan(shapes, c)
    try plan.check()
    #expect(plan.recipes["visual.positional_embedding"] == .positions("visual.positional_embedding", from: 4, to: 6))
    #expect(plan.report.notes == ["positions interpolated from 4×4 patches to 6×6"])
    c.heads = 4
    #expect(
      try self.plan(shapes, c).report.notes.contains { $0.contains("model.heads is 4") && $0.contains("makes 2") })
  }

  @Test func ownCheckpointsGiveTheirEncoder() throws {
    let shapes = Dictionary(uniqueKeysWithValues: try targets(tiny).map { ($0.name, $0.shape) })
    let plan = try plan(shapes)
    try plan.check()
    #expect(plan.found == FoundNaming(.own))
    let trained = try self.plan(shapes.merging(["text_encoder.ln_embedding.bias": [8]]) { $1 })
    #expect(trained.report.unexpected.isEmpty)
    #expect(plan.report.taken.allSatisfy { $0.hasPrefix("visual.") } && plan.report.unexpected.isEmpty)
  }
}

extension ImportPlanTests {
  @Test func theReleasesNames() throws {
    let plan = try plan(CLIPShapes.release(tiny), nil, .release)
    try plan.check()
    #expect(plan.found == FoundNaming(.release))
    for (name, recipe) in [
      ("visual.proj", WeightRecipe.copy("clip.visual.proj")),
      ("tmc.temporal.resblocks.1.ln_1.bias", .copy("transformerClip.resblocks.1.ln_1.bias")),
      ("tmc.difference.resblocks.0.ln_1.bias", .copy("frame2t_attention.resblocks.0.ln_1.bias")),
      ("tmc.norm.weight", .copy("trans_layernorm.weight")),
      ("tmc.position", .firstRows("frame_position_embeddings.weight", count: 3)),
      ("tmc.kind", .copy("type_position_embeddings.weight")), ("asr.linear.bias", .copy("fc_asr.bias")),
      ("title.linear.weight", .copy("fc_title.weight")),
    ] { #expect(plan.recipes[name] == recipe, "\(name)") }
    #expect(plan.report.unexpected.isEmpty, "\(plan.report.unexpected)")
    #expect(plan.report.untouched.allSatisfy { $0.hasPrefix("gci.") || $0.hasPrefix("smf.") })
    #expect(plan.report.notUsed.contains("cross.pooler.dense.bias"))
  }

  @Test func aReleaseOfAnotherSizeIsToldAsSettings() throws {
    var c = tiny
    (c.tmcLayers, c.textDim) = (1, 7)
    #expect(
      try fault(CLIPShapes.release(tiny), c, .release).remedy?.contains("model.tmc_layers=2 model.text_dim=5") == true)
    var shapes = CLIPShapes.release(tiny)
    for name in shapes.keys where name.hasPrefix("fc_") { shapes[name] = nil }
    #expect(try fault(shapes, nil, .release).remedy?.contains("model.text=false") == true)
    c = tiny
    c.tmc = false
    #expect(try fault(CLIPShapes.release(tiny), c, .release).remedy?.contains("model.tmc=true") == true)
  }

  /// The authors' filters have no gates: these would begin at random.
  @Test func aReleaseHasNoGates() throws {
    var c = tiny
    (c.textFilter, c.textTokenDim, c.textGateHidden) = (.gated, 5, 4)
    let fault = try fault(CLIPShapes.release(tiny), c, .release)
    #expect(fault.code == .configuration && fault.what.contains("gates"), "\(fault)")
    #expect(fault.remedy?.contains("Set model.text_filter=linear, or") == true, "\(fault)")
    c.text = false
    try plan(CLIPShapes.release(tiny), c, .release).check()
  }

  @Test func aReleaseWithoutTextsFitsAModelWithoutTexts() throws {
    var c = tiny
    c.text = false
    let plan = try plan(CLIPShapes.release(tiny), c, .release)
    try plan.check()
    #expect(plan.report.notUsed.contains("fc_asr.weight"))
  }

  @Test func clipIsNoRelease() throws {
    let fault = try fault(CLIPShapes.openAI(tiny), nil, .release)
    #expect(fault.code == .configuration && fault.remedy?.contains("--init-visual") == true, "\(fault)")
  }

  @Test func aReleaseGivesItsEncoderAndItsTextTransformer() throws {
    let plan = try plan(CLIPShapes.release(tiny))
    try plan.check()
    #expect(plan.recipes["visual.proj"] == .copy("clip.visual.proj"))
    #expect(plan.recipes["smf.self_attention.ln_1.bias"] == .copy("clip.transformer.resblocks.0.ln_1.bias"))
  }
}
