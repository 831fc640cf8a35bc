import Faults
import NeuralNetworks
import SGMNModel
import TextEncoding
import TextModel

/// Weights of a BERT or Chinese-CLIP into the text encoder that a model trains (`model.trains_text`).
public struct TextImport: ImportedWeights {
  /// What stands before the encoder's names in those of a model.
  static let prefix = "text_encoder."

  public let files: PretrainedTextEncoder.Files
  public var report: ImportReport { weights.map.report }
  private let weights: TextWeights
  /// Settings of the model that would suit the file.
  private let settings: [String]

  /// Opens the files and compares their sizes with the model's; reads no values.
  ///
  /// - Throws: `Fault(.badData)` where the files are not a text encoder; `Fault(.configuration)` where its tokenizer reads
  ///   texts otherwise than a model that trains its encoder does.
  public init(_ files: PretrainedTextEncoder.Files, model: ModelConfiguration) throws {
    self.files = files
    weights = try files.openWeights()
    settings = TextImport.settings(of: weights.map.configuration, differingFrom: model)
    let options = try files.tokenizerOptions()
    guard options.lowersCase, options.stripsAccents ?? true, options.separatesChinese else {
      throw Fault(
        .configuration,
        "The encoder's tokenizer keeps case or accents, or joins Chinese characters; a model that trains its encoder does not",
        at: files.tokenizerSettings,
        remedy: "Take an encoder of lower case, or compute its features with data.text_encoder")
    }
  }

  public var heading: String {
    "Weights of the text encoder from \(files.weights), a \(weights.map.kind.rawValue)"
  }

  public var summary: String { "weights of the text encoder from \(files.weights): \(weights.map.summary)" }

  public func write(into arena: ParameterArena, goesOn: () -> Void) throws {
    guard settings.isEmpty else {
      throw Fault(
        .configuration, "The model's text encoder has other sizes than the file's", at: files.weights,
        remedy: "Set \(settings.joined(separator: " "))")
    }
    for entry in arena.entries where entry.name.hasPrefix(TextImport.prefix) {
      let source = weights.map.sources[String(entry.name.dropFirst(TextImport.prefix.count))]
      precondition(source != nil, "\(entry.name) is no parameter of BERT")
      try arena.write(entry, by: source!.recipe, from: weights.file)
      goesOn()
    }
  }

  /// `model.text_encoder.width=768` for every size that differs, and what follows for the model around the encoder.
  static func settings(of file: BERTConfiguration, differingFrom model: ModelConfiguration) -> [String] {
    let own = model.textEncoder.bert
    let sizes: [(String, KeyPath<BERTConfiguration, Int>)] = [
      ("vocabulary_size", \.vocabularySize), ("positions", \.positions), ("width", \.width), ("layers", \.layers),
      ("heads", \.heads), ("hidden", \.hidden), ("segments", \.segments), ("projection", \.projection),
    ]
    var settings = sizes.filter { file[keyPath: $0.1] != own[keyPath: $0.1] }
      .map { "model.text_encoder.\($0.0)=\(file[keyPath: $0.1])" }
    let pooled = file.projection > 0 ? file.projection : file.width
    if model.textDim != pooled { settings.append("model.text_dim=\(pooled)") }
    if model.textFilter == .gated, model.textTokenDim != file.width {
      settings.append("model.text_token_dim=\(file.width)")
    }
    if model.textEncoder.tokens > file.positions { settings.append("model.text_encoder.tokens=\(file.positions)") }
    return settings
  }
}
