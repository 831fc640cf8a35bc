import NeuralNetworks
import SGMNModel
import TextModel

@testable import PretrainedWeights

extension FuzzTarget {
  /// The JSON files that lie beside weights: the first byte says for which of their readers.
  static let modelSettings = FuzzTarget(name: "model-settings") {
    [
      #"{"model_type":"chinese_clip","text_config":{"hidden_act":"gelu","layer_norm_eps":1e-12,"num_attention_heads":2}}"#,
      #"{"do_lower_case":true,"strip_accents":null,"tokenize_chinese_chars":false}"#,
      #"{"model_type":"clip","vision_config":{"hidden_act":"quick_gelu","num_attention_heads":12},"text_config":{}}"#,
    ].enumerated().map { [UInt8($0)] + Array($1.utf8) }
  } parse: { bytes in
    guard let kind = bytes.first else { return }
    try MemoryFile.with(Array(bytes.dropFirst()), named: "config.json") { folder in
      let path = folder + "/config.json"
      switch kind % 3 {
      case 0:
        let settings = try TextModelSettings.read(path)
        try Finding.unless(settings.heads ?? 1 > 0, "\(settings.heads ?? 0) heads")
        try settings.check(BERTConfiguration(), path: path)
      case 1: _ = try TokenizerSettings.read(path).options
      default:
        guard let stated = try CLIPSettings.read(beside: folder + "/weights") else {
          throw Finding(description: "the settings are not found")
        }
        _ = try plan(.visual, importTargets.get(), stated)
      }
    }
  }

  /// Names and shapes of a file of weights, a line each, as in `visual.proj 8 4`. The first byte says what is looked for
  /// in them: an image encoder, the authors' checkpoint, or a text encoder with so many heads.
  static let weightNames = FuzzTarget(name: "weight-names") {
    let own = try importTargets.get()
    let some = own.filter { $0.name.hasPrefix("visual.") || $0.name.hasPrefix("tmc.") }
    return [[0] + lines(some), [1] + lines(try release(own)), [2 | 2 << 3] + lines(bert(8)), [6] + lines(bert(64))]
  } parse: { bytes in
    guard let kind = bytes.first else { return }
    var shapes: [String: [Int]] = [:]
    for line in bytes.dropFirst().split(separator: 0x0A) {
      let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
      let shape = words.dropFirst().compactMap { Int($0).map { max(0, $0) } }
      // Readers of files refuse tensors with more numbers than the file has bytes.
      let isSmall = shape.reduce(1.0) { $0 * Double(max(1, $1)) } < 1e12
      if let name = words.first, isSmall { shapes[name] = shape }
    }
    guard kind & 2 == 0 else {
      let map = try TextWeightMap(shapes, path: "weights", heads: kind & 4 == 0 ? Int(kind >> 3) : nil)
      try Finding.unless(
        map.sources.values.allSatisfy { source in
          source.recipe.shape(of: source.recipe.sources.map { shapes[$0] ?? [] }) == source.shape
        }, "a parameter of another shape is taken")
      _ = TextImport.settings(of: map.configuration, differingFrom: importModel)
      _ = map.summary
      return
    }
    let targets = try importTargets.get()
    let plan = try plan(kind & 1 == 0 ? .visual : .release, targets, nil, shapes)
    let report = plan.report
    let named = (report.missing + report.shapeDiffers).map { String($0.prefix { $0 != ":" }) }
    try Finding.unless(
      (report.taken + named + report.untouched).sorted() == targets.map(\.name).sorted(), "a parameter is left out")
    try Finding.unless(
      (plan.asked.intersection(shapes.keys) + report.notUsed + report.unexpected).sorted() == shapes.keys.sorted(),
      "a tensor is left out")
    for (name, shape) in targets {
      guard let recipe = plan.recipes[name] else { continue }
      try Finding.unless(
        recipe.shape(of: recipe.sources.map { shapes[$0] ?? [] }) == shape, "\(name) of another shape is taken")
    }
    try plan.check()
  }

  /// A model of all parts, small.
  private static let importModel: ModelConfiguration = {
    var c = ModelConfiguration()
    (c.resolution, c.patch, c.width, c.layers, c.heads, c.embedDim, c.frames) = (16, 8, 8, 1, 2, 4, 2)
    (c.tmcHeads, c.textDim, c.gciHeads, c.smfHeads, c.fusionHidden) = (2, 5, 2, 2, 6)
    c.textFilter = .linear
    return c
  }()

  private static let importTargets = Result {
    var visitor = ParameterVisitor()
    try SGMN(importModel).visitParameters(&visitor)
    return visitor.found.map { ImportPlan.Target($0.name, $0.parameter.shape) }
  }

  private static func plan(
    _ request: ImportPlan.Request, _ targets: [ImportPlan.Target], _ stated: CLIPSettings?,
    _ shapes: [String: [Int]]? = nil
  ) throws -> ImportPlan {
    let shapes = shapes ?? Dictionary(uniqueKeysWithValues: targets.map { ($0.name, $0.shape) })
    return try ImportPlan(
      request, shapes: shapes, targets: targets, model: importModel, path: "weights", stated: stated)
  }

  private static func lines(_ tensors: [(String, [Int])]) -> [UInt8] {
    tensors.flatMap { name, shape in Array(([name] + shape.map { "\($0)" }).joined(separator: " ").utf8) + [0x0A] }
  }

  /// What the authors call the parameters of a model.
  private static func release(_ own: [ImportPlan.Target]) throws -> [(String, [Int])] {
    let clip = own.filter { $0.name.hasPrefix("visual.") }.map { ("clip." + $0.name, $0.shape) }
    let mark = [("transformerClip.resblocks.0.ln_1.weight", [importModel.embedDim])]
    let names = ReleaseNames(try plan(.release, own, nil, Dictionary(uniqueKeysWithValues: clip + mark)))
    return clip + own.compactMap { name, shape in names.recipe(name).map { ($0.sources[0], shape) } }
  }

  /// BERT of one layer.
  private static func bert(_ width: Int) -> [(String, [Int])] {
    let layer = "bert.encoder.layer.0."
    let tables = [("word", 9), ("position", 6), ("token_type", 2)].map {
      ("bert.embeddings.\($0)_embeddings.weight", [$1, width])
    }
    let norms = ["bert.embeddings.", layer + "attention.output.", layer + "output."].flatMap {
      [($0 + "LayerNorm.weight", [width]), ($0 + "LayerNorm.beta", [width])]
    }
    let squares = ["self.query", "self.key", "self.value", "output.dense"].map {
      (layer + "attention." + $0, width, width)
    }
    let matrices = squares + [(layer + "intermediate.dense", 12, width), (layer + "output.dense", width, 12)]
    return tables + norms + matrices.flatMap { [($0.0 + ".weight", [$0.1, $0.2]), ($0.0 + ".bias", [$0.1])] }
  }
}
