import NeuralNetworks
import TensorCore
import TextModel

/// Features of a text encoder into the shared embedding (docs/model.md, "Text filters"; paper eq. 4).
///
/// `linear` maps the pooled embedding; `gated` also weighs every token by a gate, so that words about the product
/// stay and chatter goes. Axes: N texts, T tokens, E token width, D embedding.
public struct TextFilter: Module, Sendable {
  let pooled: Linear
  let gate: Gate?

  struct Gate: Sendable {
    let hidden: Linear
    let opening: Linear
    let value: Linear

    /// Σ gᵢ·xᵢ / (Σ gᵢ + 1e-6) over the tokens that are there, then a linear layer: (N, T, E) -> (N, D).
    ///
    /// The gates run in float64: a factor common to all of them cancels, and so does most of their gradient.
    func callAsFunction(_ tokens: Tensor, mask: Tensor) -> Tensor {
      let (texts, count, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2])
      let (wideTokens, wideMask) = (tokens.converted(to: .float64), mask.converted(to: .float64))
      let open = opening(hidden(wideTokens).gelu()).sigmoid().reshaped([texts, count]) * wideMask
      let sum = open.reshaped([texts, 1, count]).product(wideTokens).reshaped([texts, width])
      return value(sum.scalingRows(by: (open.rowSums() + 1e-6).reciprocal()).converted(to: tokens.dtype))
    }
  }

  public init(_ c: ModelConfiguration) {
    pooled = Linear(c.textDim, c.embedDim)
    gate =
      c.textFilter == .gated
      ? Gate(
        hidden: Linear(c.textTokenDim, c.textGateHidden), opening: Linear(c.textGateHidden, 1),
        value: Linear(c.textTokenDim, c.embedDim)) : nil
  }

  /// Unit embeddings of N texts, (N, D), rows of zeros for those that are missing: these are not computed, and no
  /// gradient reaches the filter or the encoder from them.
  ///
  /// - Parameter encoder: makes features of the texts' tokens; nil where the features are given.
  func unitTexts(
    _ text: PairBatch.TextInput, by encoder: BERTEncoder? = nil, count: Int, dtype: DType, backend: any Backend
  ) -> Tensor {
    let units = { (text: PairBatch.TextInput, texts: Int) in
      let features =
        encoder.map { TextFeatureTensors(of: text.ids, by: $0, hasTokens: gate != nil, dtype: dtype) }
        ?? TextFeatureTensors(stored: text, texts: texts, hasTokens: gate != nil, dtype: dtype, backend: backend)
      return self(features).unitRows()
    }
    guard text.isPresent.contains(false) else { return units(text, count) }
    let present = text.isPresent.indices.filter { text.isPresent[$0] }
    let width = pooled.bias.count
    guard !present.isEmpty else { return .zeros([count, width], dtype: dtype, backend: backend) }
    var rows = [Int32](repeating: -1, count: count)
    for (row, place) in present.enumerated() { rows[place] = Int32(row) }
    return units(text.picking(present, of: count), present.count).gatheringRows(rows, shape: [count, width])
  }

  /// (N, D), not of unit length; all N must be there.
  public func callAsFunction(_ text: PairBatch.TextInput, texts: Int, dtype: DType, backend: any Backend) -> Tensor {
    self(TextFeatureTensors(stored: text, texts: texts, hasTokens: gate != nil, dtype: dtype, backend: backend))
  }

  private func callAsFunction(_ features: TextFeatureTensors) -> Tensor {
    let output = pooled(features.pooled)
    guard let gate else { return output }
    guard let tokens = features.tokens else { preconditionFailure("a gated filter without features of tokens") }
    return output + gate(tokens.features, mask: tokens.mask)
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("linear", pooled)
    guard let gate else { return }
    visitor.module("gate_1", gate.hidden)
    visitor.module("gate_2", gate.opening)
    visitor.module("value", gate.value)
  }
}
