import SGMNModel

// Sources/SGMNModel/Encoders/TemporalMotionCompensation.swift as a graph, for clips of as many frames as the model has.

extension GraphBuilder {
  /// Frames v (clips, L, D), mask (clips, L) -> (clips, L, D). Outputs of frames that are not valid mean nothing.
  func temporalMotionCompensation(_ v: Value, mask: Value, _ c: ModelConfiguration) -> Value {
    within("tmc") {
      let frames = c.frames
      let kinds = { (row: Int) in self.parameter("kind").gathering([row], axis: 0) }
      let frameInput = v + parameter("position") + kinds(1)
      // Where no block lets frames see differences, none are made.
      guard c.tmcLayers > 0 else { return v + frameInput }
      let temporal = { (x: Value, valid: Value, length: Int) in
        self.transformer(
          "temporal", TokenRows(x, count: length, width: c.embedDim), layers: c.tmcLayers, heads: c.tmcHeads,
          bias: self.keyBias(valid, keys: length)
        ).items
      }
      guard frames > 1 else { return v + temporal(frameInput, mask, 1) }

      let motionInput = motion(v, mask, c) + parameter("position").slice(0..<(frames - 1), axis: 0) + kinds(0)
      let (earlier, later) = (mask.slice(0..<(frames - 1), axis: 1), mask.slice(1..<frames, axis: 1))
      let motionMask = c.padding == .release ? earlier : earlier.and(later)
      let length = 2 * frames - 1
      let interleaved = (0..<length).map { $0 % 2 == 0 ? $0 / 2 : frames + $0 / 2 }
      let x = temporal(
        frameInput.concatenated(motionInput, axis: 1).gathering(interleaved, axis: 1),
        mask.concatenated(motionMask, axis: 1).gathering(interleaved, axis: 1), length)
      return v + x.gathering((0..<frames).map { 2 * $0 }, axis: 1)
    }
  }

  /// 2σ(norm(·))−1 of the differences of adjacent frames behind their own transformer, (clips, L−1, D).
  private func motion(_ v: Value, _ mask: Value, _ c: ModelConfiguration) -> Value {
    let count = c.frames - 1
    let later = mask.slice(1..<c.frames, axis: 1)
    // A clip with one valid frame has no valid difference: let it attend to all, its output is not used.
    let any = later.converted(to: .float).maximum(axis: 1).converted(to: .bool)
    let change =
      v.slice(1..<c.frames, axis: 1) - v.slice(0..<count, axis: 1) + parameter("position").slice(1..<c.frames, axis: 0)
    let seen = transformer(
      "difference", TokenRows(change, count: count, width: c.embedDim), layers: 1, heads: c.tmcHeads,
      bias: keyBias(later.or(any.not()), keys: count))
    return 2 * layerNorm("norm", seen.items).sigmoid() + -1
  }
}
