import SGMNModel

// Sources/SGMNModel/SGMN+Inference.swift as graphs: one for each kind of thing that has an embedding.

extension GraphBuilder {
  /// `image_encoder`, `clip_encoder`, and with text `asr_encoder` and `title_encoder`.
  static func inferenceGraphs(of c: ModelConfiguration, shapes: [String: [Int]]) -> [GraphBuilder] {
    let builder = { (name: String) in GraphBuilder(name, shapes: shapes) }
    let (image, clip) = (builder("image_encoder"), builder("clip_encoder"))
    image.encodeImages(c)
    clip.encodeClips(c)
    guard c.text else { return [image, clip] }
    return [image, clip]
      + ["asr", "title"].map { module in
        let graph = builder("\(module)_encoder")
        graph.encodeTexts(module, c)
        return graph
      }
  }

  private func encodeImages(_ c: ModelConfiguration) {
    let side = ValueInfoProto.Dimension.size(c.resolution)
    let pixels = input("pixels", .uint8, [.name("batch"), .size(3), side, side], "Pictures in RGB, planes of bytes")
    yield(visual(normalizedPixels(pixels), c), count: "batch", c)
  }

  private func encodeClips(_ c: ModelConfiguration) {
    let (count, length) = (ValueInfoProto.Dimension.name("clips"), ValueInfoProto.Dimension.size(c.frames))
    let side = ValueInfoProto.Dimension.size(c.resolution)
    let frames = input("frames", .uint8, [count, length, .size(3), side, side], "Frames in RGB, planes of bytes")
    let mask = input("mask", .bool, [count, length], "Which frames are there, at least one a clip")
    var pixels = normalizedPixels(frames.reshaped([-1, 3, c.resolution, c.resolution]))
    if c.padding == .release { pixels = pixels.chosen(where: mask.reshaped([-1, 1, 1, 1]), else: constant(0)) }
    var embeddings = visual(pixels, c).reshaped([-1, c.frames, c.embedDim])
    if c.padding == .standard {
      embeddings = embeddings.chosen(where: mask.reshaped([-1, c.frames, 1]), else: constant(0))
    }
    if c.tmc { embeddings = temporalMotionCompensation(embeddings, mask: mask, c) }
    yield(pooled(unitRows(embeddings), mask: mask, c), count: "clips", c)
  }

  /// The mean of the valid frames: (clips, L, D), (clips, L) -> (clips, D).
  private func pooled(_ frames: Value, mask: Value, _ c: ModelConfiguration) -> Value {
    let valid = mask.converted(to: .float)
    let weights = valid / valid.sum(axis: 1).atLeast(1)
    return weights.reshaped([-1, 1, c.frames]).product(frames).reshaped([-1, c.embedDim])
  }

  private func encodeTexts(_ module: String, _ c: ModelConfiguration) {
    let (count, tokenCount) = (ValueInfoProto.Dimension.name("texts"), ValueInfoProto.Dimension.name("tokens"))
    if c.encodesText {
      let length = ValueInfoProto.Dimension.size(c.textEncoder.tokens)
      let ids = input("token_ids", .int64, [count, length], "Lines of the vocabulary, from 0: [CLS], pieces, [SEP]")
      let mask = input("token_mask", .bool, [count, length], "Which tokens are there, at least one a text")
      let (pooled, tokens) = textEncoder(ids, mask: mask, c.textEncoder)
      let filtered = textFilter(module, pooled: pooled, tokens: c.textFilter == .gated ? (tokens, mask) : nil)
      return yield(filtered, count: "texts", c)
    }
    let pooled = input("pooled", .float, [count, .size(c.textDim)], "Embeddings by the frozen text encoder")
    var tokens: (features: Value, mask: Value)?
    if c.textFilter == .gated {
      tokens = (
        input("tokens", .float, [count, tokenCount, .size(c.textTokenDim)], "Features of tokens by the same encoder"),
        input("token_mask", .bool, [count, tokenCount], "Which tokens are there")
      )
    }
    yield(textFilter(module, pooled: pooled, tokens: tokens), count: "texts", c)
  }

  /// Rows (count, D) to unit length: what the graph is for.
  private func yield(_ rows: Value, count: String, _ c: ModelConfiguration) {
    output("embedding", unitRows(rows), [.name(count), .size(c.embedDim)], "Of unit length")
  }
}
