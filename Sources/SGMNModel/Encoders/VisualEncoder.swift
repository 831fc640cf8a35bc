import NeuralNetworks
import TensorCore

/// CLIP's vision transformer (docs/model.md, "Visual encoder"), for product images and frames alike.
///
/// Axes: B pictures, P tokens a picture (class token and patches), W width, D embedding.
public struct VisualEncoder: Module, Sendable {
  /// CLIP's statistics of RGB in 0…1.
  public static let mean = [0.48145466, 0.4578275, 0.40821073]
  public static let deviation = [0.26862954, 0.26130258, 0.27577711]

  let resolution: Int
  let patch: Int
  let tokenCount: Int
  let convolution: Parameter  // [W, 3, patch, patch]
  let classEmbedding: Parameter  // [W]
  let positions: Parameter  // [P, W]
  let normBefore: LayerNorm
  let transformer: Transformer
  let normAfter: LayerNorm
  let projection: Parameter  // [W, D]

  public init(_ c: ModelConfiguration) {
    resolution = c.resolution
    patch = c.patch
    tokenCount = c.tokenCount
    let scale = 1 / Double(c.width).squareRoot()
    let patchWidth = 3 * c.patch * c.patch
    convolution = Parameter(
      [c.width, 3, c.patch, c.patch], .matrix, .uniform(bound: 1 / Double(patchWidth).squareRoot()))
    classEmbedding = Parameter([c.width], .embedding, .normal(deviation: scale))
    positions = Parameter([c.tokenCount, c.width], .embedding, .normal(deviation: scale))
    normBefore = LayerNorm(c.width)
    transformer = Transformer(c.width, layers: c.layers, heads: c.heads)
    normAfter = LayerNorm(c.width)
    projection = Parameter([c.width, c.embedDim], .matrix, .normal(deviation: scale))
  }

  /// Patches of B pictures (B·(P−1), 3·patch²) -> tokens (B, P, D), or class tokens (B, 1, D) where they are enough.
  ///
  /// - Parameter recomputesBlocks: whether blocks keep their inputs alone and are computed again in the backward pass.
  public func callAsFunction(patches: Tensor, classTokensOnly: Bool, recomputesBlocks: Bool = false) -> Tensor {
    let patchCount = tokenCount - 1
    let pictures = patches.rowCount / patchCount
    let width = classEmbedding.count
    let embedded = patches.linear(
      convolution.operand(as: [width, patches.columnCount]), result: classEmbedding.value.dtype)
    // Row 0 of the two together is the class embedding, row 1 + j is patch j.
    let order = (0..<pictures).flatMap { picture in
      (0..<tokenCount).map { Int32($0 == 0 ? 0 : picture * patchCount + $0) }
    }
    let tokens = classEmbedding.value(as: [1, width]).concatenatingRows(embedded)
      .gatheringRows(order, shape: [pictures, tokenCount, width])
    let stream = transformer.stream(
      normBefore(tokens.addingSuffix(positions.value)), firstTokensOnly: classTokensOnly,
      recomputesBlocks: recomputesBlocks)
    let result = normAfter.linear(
      stream, weight: projection.operand, layout: .inputsFirst, result: classEmbedding.value.dtype
    ).result
    // An encoder without blocks has computed all tokens.
    guard classTokensOnly, result.shape[1] > 1 else { return result }
    return result.reshaped([pictures * tokenCount, result.columnCount])
      .gatheringRows((0..<pictures).map { Int32($0 * tokenCount) }, shape: [pictures, 1, result.columnCount])
  }

  /// The patches of lists of pictures of R² pixels, one list behind the other, normalised; in the format of products
  /// where that is not the one of values, `dtype`.
  public func patches(
    of lists: [UInt8]..., layout: PixelLayout = .rgb, dtype: DType, backend: any Backend
  ) -> Tensor {
    Tensor.patches(
      of: lists, layout: layout, size: resolution, patch: patch, mean: VisualEncoder.mean,
      deviation: VisualEncoder.deviation, dtype: patchFormat(dtype), backend: backend)
  }

  /// The same of those of `staged` that `pictures` names.
  func patches(
    of staged: any StagedPictures, _ pictures: Range<Int>, layout: PixelLayout, dtype: DType, backend: any Backend
  ) -> Tensor {
    Tensor.patches(
      of: staged, pictures, layout: layout, size: resolution, patch: patch, mean: VisualEncoder.mean,
      deviation: VisualEncoder.deviation, dtype: patchFormat(dtype), backend: backend)
  }

  private func patchFormat(_ dtype: DType) -> DType { dtype == .float32 ? convolution.operand.dtype : dtype }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("conv1", Weight(convolution))
    visitor.parameter("class_embedding", classEmbedding)
    visitor.parameter("positional_embedding", positions)
    visitor.module("ln_pre", normBefore)
    visitor.module("transformer", transformer)
    visitor.module("ln_post", normAfter)
    visitor.parameter("proj", projection)
  }
}

/// A parameter that checkpoints call `weight` of a module.
private struct Weight: Module {
  let parameter: Parameter
  init(_ parameter: Parameter) { self.parameter = parameter }
  func visitParameters(_ visitor: inout ParameterVisitor) { visitor.parameter("weight", parameter) }
}
