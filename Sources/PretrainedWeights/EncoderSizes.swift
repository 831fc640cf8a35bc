import SGMNModel

/// The sizes of the image encoder in a file, as its shapes tell them; nil where the tensor that would is not there.
struct EncoderSizes {
  var width: Int?
  var patch: Int?
  var layers: Int
  var embedDim: Int?
  /// Patches of a side.
  var grid: Int?
  /// Channels of CLIP's text transformer.
  var textWidth: Int?
  /// Heads of attention, where `config.json` says so.
  private let statedHeads: (visual: Int?, text: Int?)

  /// Channels of an attention head in every CLIP model.
  static let headWidth = 64

  init(_ names: CLIPNames, shapes: [String: [Int]], stated: CLIPSettings = CLIPSettings()) {
    statedHeads = (stated.visual.heads, stated.text.heads)
    func shape(_ name: String, count: Int) -> [Int]? {
      let tensors = names.visual(name, grids: (1, 1))?.sources ?? []
      return tensors.first.flatMap { shapes[$0] }.flatMap { $0.count == count ? $0 : nil }
    }
    let convolution = shape("conv1.weight", count: 4)
    width = convolution?[0] ?? shape("class_embedding", count: 1)?[0]
    patch = convolution?[3]
    layers = BlockName.count(under: names.visualBlocks, in: shapes.keys)
    let projection = shape("proj", count: 2)
    if case .transpose = names.visual("proj", grids: (1, 1)) {
      embedDim = projection?[0]
    } else {
      embedDim = projection?[1]
    }
    let hasText = BlockName.count(under: names.textBlocks, in: shapes.keys) > 0
    textWidth = hasText ? names.textBlock(0, "ln_1.weight").flatMap { shapes[$0.sources[0]]?.last } : nil
    grid = shape("positional_embedding", count: 2).flatMap { EncoderSizes.side(ofTokens: $0[0]) }
  }

  /// The side of the square that all tokens but one are; nil where they are none.
  private static func side(ofTokens count: Int) -> Int? {
    guard count > 1 else { return nil }
    let side = Int(Double(count - 1).squareRoot().rounded())
    let (square, overflow) = side.multipliedReportingOverflow(by: side)
    return !overflow && square == count - 1 ? side : nil
  }

  /// The settings, `model.width=1024`, that would make a model of these sizes of another.
  func settings(differingFrom model: ModelConfiguration) -> [String] {
    var settings: [String] = []
    func compare(_ key: String, _ value: Int?, _ current: Int) {
      if let value, value != current { settings.append("model.\(key)=\(value)") }
    }
    compare("width", width, model.width)
    // As wide and not as deep it is rather a part of the file than another model.
    if layers > model.layers || layers > 0 && !settings.isEmpty { compare("layers", layers, model.layers) }
    compare("patch", patch, model.patch)
    compare("embed_dim", embedDim, model.embedDim)
    if let heads = statedHeads.visual {
      compare("heads", heads, model.heads)
    } else if !settings.isEmpty, let width, width % EncoderSizes.headWidth == 0 {
      compare("heads", width / EncoderSizes.headWidth, model.heads)
    }
    return settings
  }

  var statesHeads: Bool { statedHeads.visual != nil }

  /// Of the text transformer: those that are stated, else one for every 64 channels; nil where there are no such.
  var textHeads: Int? {
    guard let textWidth else { return nil }
    return statedHeads.text ?? (textWidth % EncoderSizes.headWidth == 0 ? textWidth / EncoderSizes.headWidth : nil)
  }

  /// The settings that would make attention of a model mean what it does in the text transformer, whose blocks it begins
  /// with where they are as wide as the shared embedding (`TextTransformerStarts`). No shape shows them.
  func textSettings(differingFrom model: ModelConfiguration) -> [String] {
    guard let heads = textHeads, textWidth == embedDim ?? model.embedDim else { return [] }
    return [("tmc_heads", model.tmc, model.tmcHeads), ("smf_heads", model.smf, model.smfHeads)]
      .filter { $0.1 && $0.2 != heads }.map { "model.\($0.0)=\(heads)" }
  }
}
