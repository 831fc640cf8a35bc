import SGMNModel

// Sources/SGMNModel/Encoders/TextFilter.swift as a graph.

extension GraphBuilder {
  /// Pooled features (texts, E), and for a gated filter tokens (texts, T, W) and which are there (texts, T) -> (texts, D).
  func textFilter(_ module: String, pooled: Value, tokens: (features: Value, mask: Value)?) -> Value {
    within(module) {
      let output = linear("linear", pooled)
      guard let tokens else { return output }
      return output + linear("value", kept(tokens.features, mask: tokens.mask))
    }
  }

  /// Σ gᵢ·xᵢ / (Σ gᵢ + 1e-6) over the tokens that are there, (texts, W).
  private func kept(_ tokens: Value, mask: Value) -> Value {
    let width = shape(ofParameter: "gate_1.weight")[1]
    let opening = linear("gate_2", gelu(linear("gate_1", tokens.reshaped([-1, width])))).sigmoid()
    let open = opening.reshaped(like: mask) * mask.converted(to: .float)
    let sum = open.reshaped([0, 1, -1]).product(tokens).reshaped([-1, width])
    return sum / (open.sum(axis: 1) + 1e-6)
  }
}
