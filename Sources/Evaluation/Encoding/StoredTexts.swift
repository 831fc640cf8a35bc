import SGMNModel
import ShardFormat

extension ShardSet {
  /// Whether the set holds what a model needs of its texts, by the encoder of this name.
  public func hasTexts(by encoder: String, for model: ModelConfiguration) -> Bool {
    configuration.textEncoder == encoder && configuration.textWidth == model.textDim
      && (!model.readsTokens || configuration.tokens?.width == model.textTokenDim)
  }
}
