import Evaluation
import Faults
import PretrainedWeights
import SGMNModel
import ShardFormat
import TensorCore
import TextEncoding

extension RunConfiguration {
  /// The encoder that `data.text_encoder` names; nil where the shards hold the features of their texts.
  ///
  /// It computes in float32 whatever the run does, so that the features are those that `sgmn-shard embed` stores.
  ///
  /// - Throws: `Fault(.configuration)` where its features are not as wide as the model's; what reading it throws.
  public func openTextEncoder(backend: any Backend) throws -> PretrainedTextEncoder? {
    guard !data.textEncoder.isEmpty else { return nil }
    return try RunConfiguration.openTextEncoder(
      data.textEncoder, tokenLimit: data.textTokens, model: model, backend: backend)
  }

  /// The encoder in a folder, for a model.
  public static func openTextEncoder(
    _ folder: String, tokenLimit: Int, model: ModelConfiguration, backend: any Backend
  ) throws -> PretrainedTextEncoder {
    let encoder = try PretrainedTextEncoder(
      PretrainedTextEncoder.Files(folder: folder), tokenLimit: tokenLimit, backend: backend)
    guard encoder.width == model.textDim else {
      throw Fault(
        .configuration, "The encoder's embeddings are \(encoder.width) wide, model.text_dim is \(model.textDim)",
        at: folder, remedy: "Set model.text_dim=\(encoder.width)")
    }
    guard !model.readsTokens || encoder.tokenWidth == model.textTokenDim else {
      throw Fault(
        .configuration,
        "The encoder's tokens are \(encoder.tokenWidth) wide, model.text_token_dim is \(model.textTokenDim)",
        at: folder,
        remedy: "Set model.text_token_dim=\(encoder.tokenWidth)")
    }
    return encoder
  }
}

extension TrainedModel {
  /// The encoder of the texts that the model was trained with, in `folder` or where the run had it; nil where the shards
  /// hold its features, or the run had none.
  ///
  /// - Throws: `Fault(.configuration)` where the folder holds another encoder; what reading it throws.
  public func textEncoder(
    for shards: ShardSet, in folder: String?, tokenLimit: Int? = nil, backend: any Backend
  ) throws -> PretrainedTextEncoder? {
    let c = state.configuration
    guard !c.model.encodesText || folder == nil else {
      throw Fault(
        .usage, "The model encodes texts itself, so no frozen encoder has a say", at: folder,
        remedy: "Leave --text-encoder out")
    }
    guard c.model.readsEmbeddings, let folder = folder ?? (c.data.textEncoder.isEmpty ? nil : c.data.textEncoder) else {
      return nil
    }
    if let name = state.textEncoder, shards.hasTexts(by: name, for: c.model) { return nil }
    let encoder = try RunConfiguration.openTextEncoder(
      folder, tokenLimit: tokenLimit ?? c.data.textTokens, model: c.model, backend: backend)
    guard state.textEncoder == nil || encoder.name == state.textEncoder else {
      throw Fault(
        .configuration, "This is the encoder \(encoder.name), the model knows the texts of \(state.textEncoder!)",
        at: folder,
        remedy:
          "Name the folder of the encoder that the run was trained with (--text-encoder), and the limit of tokens "
          + "that its name ends with (--text-tokens)")
    }
    return encoder
  }
}
