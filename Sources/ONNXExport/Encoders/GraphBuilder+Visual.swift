import SGMNModel

// Sources/SGMNModel/Encoders/VisualEncoder.swift as a graph.

extension GraphBuilder {
  /// Bytes of pictures in RGB (pictures, 3, R, R) -> (x/255 − mean)/deviation, by channel.
  func normalizedPixels(_ bytes: Value) -> Value {
    let statistics = { (numbers: [Double]) in self.constant(numbers.map { Float($0) }, shape: [3, 1, 1]) }
    return (bytes.converted(to: .float) / constant(255) - statistics(VisualEncoder.mean))
      / statistics(VisualEncoder.deviation)
  }

  /// Normalised pictures (pictures, 3, R, R) -> class tokens (pictures, D).
  func visual(_ pixels: Value, _ c: ModelConfiguration) -> Value {
    within("visual") {
      let patchCount = c.tokenCount - 1
      let patches = pixels.convolution(parameter("conv1.weight"), size: c.patch)
        .reshaped([-1, c.width, patchCount]).transposed([0, 2, 1])
      // Token 0 has no patch: zeros, to which the class embedding is added with the positions.
      let classRow = parameter("class_embedding").reshaped([1, c.width])
        .padded(before: [0, 0], after: [patchCount, 0])
      let tokens =
        patches.padded(before: [0, 1, 0], after: [0, 0, 0]) + (classRow + parameter("positional_embedding"))
      let rows = TokenRows(layerNorm("ln_pre", tokens), count: c.tokenCount, width: c.width)
      let result = transformer("transformer", rows, layers: c.layers, heads: c.heads, firstTokensOnly: true)
      return layerNorm("ln_post", result.first.value).linear(parameter("proj"), transposing: false)
    }
  }
}
