import SGMNModel
import TextModel

// Sources/TextModel/BERTEncoder.swift as a graph, for texts of as many tokens as the model reads.

extension GraphBuilder {
  /// Ids (texts, T) and which tokens are there (texts, T) -> pooled embeddings (texts, E) and features (texts, T, W). What
  /// stands where no token is does not count.
  func textEncoder(_ ids: Value, mask: Value, _ c: TextEncoderConfiguration) -> (pooled: Value, tokens: Value) {
    within("text_encoder") {
      let count = c.tokens
      let places = parameter("position_embedding").slice(0..<count, axis: 0)
      let embedded =
        parameter("word_embedding").rows(at: ids) + places + parameter("segment_embedding").slice(0..<1, axis: 0)
      let bias = keyBias(mask, keys: count)
      let first = TokenRows(
        layerNorm("ln_embedding", embedded, epsilon: BERTEncoder.epsilon), count: count, width: c.width)
      let rows = within("transformer.resblocks") {
        (0..<c.layers).reduce(first) { x, layer in postNormBlock("\(layer)", x, heads: c.heads, bias: bias) }
      }
      let start = rows.first.value
      let pooled = c.projection > 0 ? start.linear(parameter("projection"), transposing: true) : start
      return (pooled, rows.items)
    }
  }

  /// A `BERTBlock`: norm(x + attention(x)), then norm(a + MLP(a)).
  private func postNormBlock(_ module: String, _ x: TokenRows, heads: Int, bias: Value) -> TokenRows {
    within(module) {
      let norm = { (name: String, x: Value) in self.layerNorm(name, x, epsilon: BERTEncoder.epsilon) }
      let attended = norm("ln_1", x.value + attention("attn", x, heads: heads, bias: bias, isShort: false))
      let expanded = gelu(linear("mlp.c_fc", attended))
      return TokenRows(
        value: norm("ln_2", attended + linear("mlp.c_proj", expanded)), count: x.count, width: x.width)
    }
  }
}
