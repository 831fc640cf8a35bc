import Faults
import SGMNModel

/// Which tensors of a file become which parameters of a model: a function of names and shapes alone.
public struct ImportPlan: Sendable {
  /// What is asked of a file.
  public enum Request: Sendable {
    /// The image encoder, and starting values from CLIP's text transformer where it has one.
    case visual
    /// Everything that retrieval needs, of the authors' checkpoint.
    case release
  }

  /// A parameter's name and shape.
  public typealias Target = (name: String, shape: [Int])

  public let found: FoundNaming
  public private(set) var recipes: [String: WeightRecipe] = [:]
  public internal(set) var report = ImportReport()
  /// Settings of the model that would suit the file better, as `model.width=1024`.
  public internal(set) var settings: [String]
  /// What makes the file unfit for the model beside shapes and names, a sentence each.
  public internal(set) var problems: [String] = []
  /// The tensors that were asked for, whether they could be taken or not.
  private(set) var asked: Set<String> = []
  let shapes: [String: [Int]]
  let sizes: EncoderSizes
  let names: CLIPNames
  let model: ModelConfiguration
  let path: String

  /// - Parameters:
  ///   - shapes: the tensors of the file.
  ///   - targets: the parameters of the model, all of them.
  ///   - path: the file's, for messages.
  ///   - stated: what `config.json` says, where it lies beside the file.
  /// - Throws: `Fault(.configuration)` where the file is of no known naming, or no release and one is asked for.
  init(
    _ request: Request, shapes: [String: [Int]], targets: [Target], model: ModelConfiguration, path: String,
    stated: CLIPSettings? = nil
  ) throws {
    found = try FoundNaming(of: shapes.keys, path: path)
    names = CLIPNames(found)
    sizes = EncoderSizes(names, shapes: shapes, stated: stated ?? CLIPSettings())
    settings = sizes.settings(differingFrom: model)
    (self.shapes, self.model, self.path) = (shapes, model, path)
    let recipe: (String) -> WeightRecipe?
    switch request {
    case .visual:
      let textSettings = sizes.textSettings(differingFrom: model)
      if !textSettings.isEmpty {
        problems.append(
          "Blocks of the text transformer start tmc and smf, and are for \(sizes.textHeads ?? 0) heads: with another count "
            + "their weights mean something else")
      }
      settings += textSettings
      let starts = TextTransformerStarts(self)
      report.notes += starts.notes
      recipe = { [self] in visualRecipe($0) ?? starts.recipe($0) }
    case .release:
      guard found.naming == .release else {
        throw Fault(
          .configuration,
          "The names are those of \(found.naming.rawValue), not of the authors' SGMN checkpoints, which have transformerClip.… "
            + "beside clip.visual.…", at: path, remedy: "Give it with --init-visual")
      }
      let release = ReleaseNames(self)
      settings += release.settings
      problems += release.problems
      recipe = { [self] in visualRecipe($0) ?? release.recipe($0) }
    }
    noteHeads(request)
    for target in targets { take(target, recipe(target.name)) }
    sortLeftovers()
    noteForeignTensors()
    noteActivation(stated)
    noteMissingBlocks()
  }

  /// First line of the report.
  public var heading: String { "Weights from \(path), by the names of \(found.naming.rawValue)" }

  private func visualRecipe(_ name: String) -> WeightRecipe? {
    guard name.hasPrefix("visual.") else { return nil }
    return names.visual(String(name.dropFirst("visual.".count)), grids: (sizes.grid ?? model.grid, model.grid))
  }

  private mutating func take(_ target: Target, _ recipe: WeightRecipe?) {
    guard let recipe else {
      report.untouched.append(target.name)
      return
    }
    asked.formUnion(recipe.sources)
    let absent = recipe.sources.filter { shapes[$0] == nil }
    guard absent.isEmpty else {
      report.missing.append("\(target.name): no \(absent.joined(separator: ", "))")
      return
    }
    let stored = recipe.sources.map { shapes[$0] ?? [] }
    guard recipe.shape(of: stored) == target.shape else {
      report.shapeDiffers.append(
        "\(target.name): file \(stored.map { "\($0)" }.joined(separator: ", ")), model \(target.shape)")
      return
    }
    report.taken.append(target.name)
    if let origin = recipe.origin(of: target.name) { report.origins[target.name] = origin }
    recipes[target.name] = recipe
  }

  /// A file does not say how many heads there are.
  private mutating func noteHeads(_ request: Request) {
    if let grid = sizes.grid, grid != model.grid, settings.isEmpty {
      report.notes.append("positions interpolated from \(grid)×\(grid) patches to \(model.grid)×\(model.grid)")
    }
    var counts = sizes.statesHeads ? [] : [("heads", model.heads, sizes.width)]
    if request == .release { counts.append(("tmc_heads", model.tmcHeads, sizes.embedDim)) }
    for (key, heads, width) in counts {
      guard let width, width % EncoderSizes.headWidth == 0, heads != width / EncoderSizes.headWidth,
        !settings.contains(where: { $0.hasPrefix("model.\(key)=") })
      else { continue }
      report.notes.append(
        "model.\(key) is \(heads); CLIP's models have a head for every 64 of \(width) channels, which makes "
          + "\(width / EncoderSizes.headWidth): with another count the weights mean something else")
    }
  }

  private mutating func sortLeftovers() {
    for name in shapes.keys.sorted() where !asked.contains(name) {
      if LeftoverTensors.isKnown(name, found) { report.notUsed.append(name) } else { report.unexpected.append(name) }
    }
  }
}

extension WeightRecipe {
  /// In words, where it is not simply the tensor of the same name.
  fileprivate func origin(of parameter: String) -> String? {
    switch self {
    case .copy(let name): name == parameter ? nil : name
    case .stack(let names): names.joined(separator: " + ")
    case .transpose(let name): "\(name), transposed"
    case .firstRows(let name, let count): "\(name), first \(count) rows"
    case .positions(let name, let from, let to):
      from == to ? (name == parameter ? nil : name) : "\(name), interpolated from \(from)×\(from) to \(to)×\(to)"
    }
  }
}
