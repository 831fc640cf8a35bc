import Faults
import TextModel

/// Where the parameters of a `BERTEncoder` are in a file of weights, and the sizes that the file's shapes tell.
///
/// It understands Chinese-CLIP (`text_model.…` with `text_projection.weight`, in a file of the whole model too, and the
/// authors' `bert.…` with `text_projection`) and plain BERT (`bert.…` or bare names, old `gamma` and `beta`), each behind
/// a prefix such as `module.`.
public struct TextWeightMap: Sendable {
  public enum Kind: String, Sendable {
    /// The pooled embedding is a projection of the first token's feature.
    case chineseCLIP = "chinese-clip"
    /// It is that feature.
    case bert
  }

  /// What a parameter is made of, and its shape.
  struct Source: Equatable, Sendable {
    var recipe: WeightRecipe
    var shape: [Int]
  }

  public let kind: Kind
  public let configuration: BERTConfiguration
  /// By the names of parameters in checkpoints, which begin with `text_encoder.`. Not used are tensors of other parts of a
  /// model, such as a vision tower, a pooler or a head.
  public let report: ImportReport
  /// By a parameter's name within the encoder.
  let sources: [String: Source]

  /// Maps the tensors of a file.
  ///
  /// - Parameters:
  ///   - shapes: of all tensors, by name.
  ///   - path: of the file, for messages.
  ///   - heads: of attention; nil for one for every 64 numbers of the width.
  /// - Throws: `Fault(.badData)` where the file holds no such encoder, several, one of another architecture, or not all of
  ///   one, with the names.
  public init(_ shapes: [String: [Int]], path: String, heads: Int? = nil) throws {
    let names = try TextWeightNames(shapes, path: path)
    let configuration = try Self.sizes(names, path: path, heads: heads)
    let sources = Self.sources(names, configuration)
    (self.configuration, self.sources) = (configuration, sources)
    kind = names.projection == nil ? .bert : .chineseCLIP
    report = Self.compare(sources, names)
    try Self.refuse(report.shapeDiffers, "have another shape than the rest of the encoder asks for", path)
    try Self.refuse(report.missing, "of a text encoder are missing", path)
    try Self.refuse(
      report.unexpected.filter(names.isOfEncoder), "of the text encoder have no place in BERT", path)
  }

  /// One line of counts, and the first tensors that nobody expected.
  public var summary: String {
    let unexpected = report.unexpected.prefix(3).joined(separator: ", ") + (report.unexpected.count > 3 ? ", …" : "")
    return "\(report.taken.count) parameters taken, \(report.notUsed.count) tensors of other parts not used, "
      + "\(report.unexpected.count) unexpected" + (unexpected.isEmpty ? "" : ": \(unexpected)")
  }

  private static func sizes(_ names: TextWeightNames, path: String, heads: Int?) throws -> BERTConfiguration {
    let (words, positions) = (
      try names.matrix("embeddings.word_embeddings.weight"),
      try names.matrix(
        "embeddings.position_embeddings.weight")
    )
    var c = BERTConfiguration()
    (c.vocabularySize, c.width) = (words[0], words[1])
    c.positions = positions[0]
    c.segments = try names.matrix("embeddings.token_type_embeddings.weight")[0]
    c.layers = try names.layerCount()
    c.hidden = try names.matrix("encoder.layer.0.intermediate.dense.weight")[0]
    c.projection = names.projection.map { $0.isTransposed ? $0.shape[1] : $0.shape[0] } ?? 0
    guard c.width > 0, c.vocabularySize > 0, c.positions > 0, c.segments > 0, c.hidden > 0 else {
      throw Fault(.badData, "A text encoder of width \(c.width) has sizes of 0", at: path)
    }
    c.heads = heads ?? c.width / 64
    guard c.heads > 0, c.width % c.heads == 0, heads != nil || c.width % 64 == 0 else {
      throw Fault(
        .badData, "A width of \(c.width) does not divide into \(heads.map { "\($0) heads" } ?? "heads of 64")",
        at: path, remedy: "Put the model's config.json beside the weights")
    }
    return c
  }

  private static func sources(_ names: TextWeightNames, _ c: BERTConfiguration) -> [String: Source] {
    var sources: [String: Source] = [:]
    let add = { (parameter: String, recipe: WeightRecipe, shape: [Int]) in
      sources[parameter] = Source(recipe: recipe, shape: shape)
    }
    let addNorm = { (parameter: String, tensor: String) in
      add(parameter + ".weight", .copy(names.name(tensor, or: "gamma", for: "weight")), [c.width])
      add(parameter + ".bias", .copy(names.name(tensor, or: "beta", for: "bias")), [c.width])
    }
    let addLinear = { (parameter: String, tensor: String, outputs: Int, inputs: Int) in
      add(parameter + ".weight", .copy(names.name(tensor + ".weight")), [outputs, inputs])
      add(parameter + ".bias", .copy(names.name(tensor + ".bias")), [outputs])
    }
    for (parameter, table, rows) in [
      ("word", "word", c.vocabularySize), ("position", "position", c.positions), ("segment", "token_type", c.segments),
    ] {
      add("\(parameter)_embedding", .copy(names.name("embeddings.\(table)_embeddings.weight")), [rows, c.width])
    }
    addNorm("ln_embedding", "embeddings.LayerNorm")
    for number in 0..<c.layers {
      let (block, layer) = ("transformer.resblocks.\(number)", "encoder.layer.\(number)")
      let projections = ["query", "key", "value"].map { names.name("\(layer).attention.self.\($0)") }
      add(block + ".attn.in_proj_weight", .stack(projections.map { $0 + ".weight" }), [3 * c.width, c.width])
      add(block + ".attn.in_proj_bias", .stack(projections.map { $0 + ".bias" }), [3 * c.width])
      addLinear(block + ".attn.out_proj", layer + ".attention.output.dense", c.width, c.width)
      addNorm(block + ".ln_1", layer + ".attention.output.LayerNorm")
      addLinear(block + ".mlp.c_fc", layer + ".intermediate.dense", c.hidden, c.width)
      addLinear(block + ".mlp.c_proj", layer + ".output.dense", c.width, c.hidden)
      addNorm(block + ".ln_2", layer + ".output.LayerNorm")
    }
    if let projection = names.projection {
      add(
        "projection", projection.isTransposed ? .transpose(projection.name) : .copy(projection.name),
        [c.projection, c.width])
    }
    return sources
  }

  private static func compare(_ sources: [String: Source], _ names: TextWeightNames) -> ImportReport {
    var report = ImportReport()
    var asked: Set<String> = []
    for (parameter, source) in sources.sorted(by: { $0.key < $1.key }) {
      let parameter = "text_encoder." + parameter
      let tensors = source.recipe.sources
      asked.formUnion(tensors)
      let absent = tensors.filter { names.shapes[$0] == nil }
      guard absent.isEmpty else {
        report.missing.append("\(parameter): no \(absent.joined(separator: ", "))")
        continue
      }
      let shapes = tensors.map { names.shapes[$0] ?? [] }
      guard source.recipe.shape(of: shapes) == source.shape else {
        report.shapeDiffers.append(
          "\(parameter): file \(shapes.map { "\($0)" }.joined(separator: ", ")), model \(source.shape)")
        continue
      }
      report.taken.append(parameter)
    }
    let rest = names.shapes.keys.filter { !asked.contains($0) }.sorted()
    report.unexpected = rest.filter { !names.isOfAnotherPart($0) }
    report.notUsed = rest.filter(names.isOfAnotherPart)
    return report
  }

  private static func refuse(_ names: [String], _ what: String, _ path: String) throws {
    guard !names.isEmpty else { return }
    let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    throw Fault(
      .badData, "\(names.count) tensors \(what): \(shown)", at: path,
      remedy: "Take the weights of a BERT or Chinese-CLIP model, whole and unchanged")
  }
}
