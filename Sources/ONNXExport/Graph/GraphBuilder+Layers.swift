// The layers of NeuralNetworks, by the names of their modules.

/// The tokens of items as the rows of a matrix: (items · count, width).
struct TokenRows {
  var value: Value
  /// Tokens of an item.
  var count: Int
  var width: Int

  static func + (a: TokenRows, b: Value) -> TokenRows {
    TokenRows(value: a.value + b, count: a.count, width: a.width)
  }

  init(value: Value, count: Int, width: Int) { (self.value, self.count, self.width) = (value, count, width) }

  /// Of (items, count, width).
  init(_ value: Value, count: Int, width: Int) {
    self.init(value: value.reshaped([-1, width]), count: count, width: width)
  }

  /// (items, count, width)
  var items: Value { value.reshaped([-1, count, width]) }

  /// The first token of every item alone.
  var first: TokenRows {
    guard count > 1 else { return self }
    return TokenRows(value: items.gathering([0], axis: 1).reshaped([-1, width]), count: 1, width: width)
  }
}

extension GraphBuilder {
  func layerNorm(_ module: String, _ x: Value, epsilon: Double = 1e-5) -> Value {
    within(module) { x.layerNorm(parameter("weight"), parameter("bias"), epsilon: Float(epsilon)) }
  }

  /// Rows (…, inputs) -> (…, outputs).
  func linear(_ module: String, _ x: Value) -> Value {
    within(module) { x.linear(parameter("weight"), bias: parameter("bias"), transposing: true) }
  }

  /// A `Transformer`.
  ///
  /// - Parameters:
  ///   - bias: added to the scores of keys, (items, 1, 1, count).
  ///   - firstTokensOnly: whether the last block yields the first token of every item alone.
  func transformer(
    _ module: String, _ x: TokenRows, layers: Int, heads: Int, bias: Value? = nil, firstTokensOnly: Bool = false
  ) -> TokenRows {
    within("\(module).resblocks") {
      (0..<layers).reduce(x) { x, layer in
        block("\(layer)", x, heads: heads, bias: bias, isShort: firstTokensOnly && layer == layers - 1)
      }
    }
  }

  /// A `TransformerBlock`: x + attention(norm(x)), then x + MLP(norm(x)).
  private func block(_ module: String, _ x: TokenRows, heads: Int, bias: Value?, isShort: Bool) -> TokenRows {
    within(module) {
      let normalized = TokenRows(value: layerNorm("ln_1", x.value), count: x.count, width: x.width)
      let y = (isShort ? x.first : x) + attention("attn", normalized, heads: heads, bias: bias, isShort: isShort)
      return y + linear("mlp.c_proj", quickGELU(linear("mlp.c_fc", layerNorm("ln_2", y.value))))
    }
  }

  /// A `MultiHeadAttention` of every row, or with `isShort` of the first token of every item, to the rows of its own item.
  func attention(_ module: String, _ x: TokenRows, heads: Int, bias: Value?, isShort: Bool) -> Value {
    within(module) {
      let packed = x.value.linear(parameter("in_proj_weight"), bias: parameter("in_proj_bias"), transposing: true)
      let headWidth = x.width / heads
      let parts = packed.split(3, axis: 1).map { $0.reshaped([-1, x.count, heads, headWidth]) }
      let query = (isShort ? parts[0].gathering([0], axis: 1) : parts[0]).transposed([0, 2, 1, 3])
      let scores = (1 / Double(headWidth).squareRoot() * query).product(parts[1].transposed([0, 2, 3, 1]))
      let shares = (bias.map { scores + $0 } ?? scores).softmax()  // [items, heads, queries, keys]
      let seen = shares.product(parts[2].transposed([0, 2, 1, 3])).transposed([0, 2, 1, 3])
      return linear("out_proj", seen.reshaped([-1, x.width]))
    }
  }

  /// x·σ(1.702·x)
  private func quickGELU(_ x: Value) -> Value { x * (1.702 * x).sigmoid() }

  /// x·Φ(x) = x/2·(1 + erf(x/√2))
  func gelu(_ x: Value) -> Value { (0.5 * x) * ((0.5.squareRoot() * x).erf() + 1) }

  /// x/max(‖x‖, 1e-12) over the last axis.
  func unitRows(_ x: Value) -> Value { x / x.length(axis: -1).atLeast(1e-12) }

  /// Validity of keys (items, keys) as what is added to scores, (items, 1, 1, keys): 0 where valid, else the least number
  /// there is, of which nothing is left behind a softmax with any valid key. Without one all keys count alike.
  func keyBias(_ valid: Value, keys: Int) -> Value {
    constant(0).chosen(where: valid.reshaped([-1, 1, 1, keys]), else: constant([-.greatestFiniteMagnitude]))
  }
}
