import SGMNModel

/// What the visual encoder multiplies for a number of pictures.
public struct EncoderWork: Sendable {
  /// y = x·Wᵀ of `rows` rows, and its gradients.
  struct LinearLayer: Equatable {
    var rows: Int
    var inputs: Int
    var outputs: Int
    /// How many layers of these sizes there are.
    var count: Int
    /// The first layer's input is the pictures, which have no gradient.
    var hasInputGradient = true

    /// Multiplications and additions of the layer and its gradients.
    var operationCount: Int { 2 * rows * inputs * outputs * count * (hasInputGradient ? 3 : 2) }
  }

  let model: ModelConfiguration
  let pictureCount: Int

  public init(_ model: ModelConfiguration, pictureCount: Int) {
    (self.model, self.pictureCount) = (model, pictureCount)
  }

  /// Every matrix product of the encoder where all tokens are wanted; those of attention are not among them.
  var layers: [LinearLayer] {
    let (width, tokens) = (model.width, pictureCount * model.tokenCount)
    return [
      LinearLayer(
        rows: pictureCount * (model.tokenCount - 1), inputs: 3 * model.patch * model.patch, outputs: width, count: 1,
        hasInputGradient: false),
      LinearLayer(rows: tokens, inputs: width, outputs: 3 * width, count: model.layers),
      LinearLayer(rows: tokens, inputs: width, outputs: width, count: model.layers),
      LinearLayer(rows: tokens, inputs: width, outputs: 4 * width, count: model.layers),
      LinearLayer(rows: tokens, inputs: 4 * width, outputs: width, count: model.layers),
      LinearLayer(rows: tokens, inputs: width, outputs: model.embedDim, count: 1),
    ]
  }

  /// Multiplications and additions of `layers`.
  public var productOperationCount: Int { layers.reduce(0) { $0 + $1.operationCount } }

  /// The count by which speeds are compared with those of other trainers, with attention and without the projection:
  /// for a picture of P tokens, width W, K layers and patches of E numbers 24W²PK + 4P²WK + 2(P − 1)EW.
  public var forwardOperationCount: Int {
    let (width, tokens, layers) = (model.width, model.tokenCount, model.layers)
    let blocks = 24 * width * width * tokens * layers + 4 * tokens * tokens * width * layers
    return pictureCount * (blocks + 2 * (tokens - 1) * 3 * model.patch * model.patch * width)
  }

  /// Forward and backward: three times as many.
  public var trainingOperationCount: Int { 3 * forwardOperationCount }
}
