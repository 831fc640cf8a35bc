import NeuralNetworks
import TensorCore

/// Frame embeddings that know how the picture moved (docs/model.md, "Temporal motion compensation").
///
/// Axes: N clips, L frames, D embedding. Frames f and differences d of adjacent frames go through a transformer as
/// f0 d0 f1 d1 … f(L−1); the frame outputs are added to the input.
public struct TemporalMotionCompensation: Module, Sendable {
  let padding: ModelConfiguration.Padding
  let position: Parameter  // [L, D]
  let kind: Parameter  // [2, D]: row 1 of a frame, row 0 of a difference
  let difference: Transformer
  let norm: LayerNorm
  let temporal: Transformer

  public init(_ c: ModelConfiguration) {
    padding = c.padding
    position = Parameter([c.frames, c.embedDim], .embedding, .normal(deviation: 0.02))
    kind = Parameter([2, c.embedDim], .embedding, .normal(deviation: 0.02))
    difference = Transformer(c.embedDim, layers: 1, heads: c.tmcHeads)
    norm = LayerNorm(c.embedDim)
    temporal = Transformer(c.embedDim, layers: c.tmcLayers, heads: c.tmcHeads)
  }

  /// v (N, L, D), mask [N, L] -> (N, L, D). Outputs of frames that are not valid mean nothing.
  public func callAsFunction(_ v: Tensor, mask: [Bool]) -> Tensor {
    let (clips, frames, width) = (v.shape[0], v.shape[1], v.shape[2])
    let frameInput = v.addingSuffix(position.rows(0..<frames)).addingSuffix(kind.rows(1..<2).reshaped([width]))
    guard frames > 1 else { return v + temporal(frameInput, bias: keyBias(mask, clips, like: v)) }
    let valid = DifferenceMask(mask, clips: clips, frames: frames, padding: padding)

    let flat = v.reshaped([clips * frames, width])
    let rows = { (shift: Int) in
      (0..<clips).flatMap { clip in (0..<(frames - 1)).map { Int32(clip * frames + $0 + shift) } }
    }
    let shape = [clips, frames - 1, width]
    let change = flat.gatheringRows(rows(1), shape: shape) - flat.gatheringRows(rows(0), shape: shape)
    let seen = difference(
      change.addingSuffix(position.rows(1..<frames)), bias: keyBias(valid.attended, clips, like: v))
    let motion = 2 * norm(seen).sigmoid() + -1
    let motionInput = motion.addingSuffix(position.rows(0..<(frames - 1)))
      .addingSuffix(kind.rows(0..<1).reshaped([width]))

    let together = frameInput.reshaped([clips * frames, width])
      .concatenatingRows(motionInput.reshaped([clips * (frames - 1), width]))
    let length = 2 * frames - 1
    let interleaved = (0..<clips).flatMap { clip in
      (0..<length).map { Int32($0 % 2 == 0 ? clip * frames + $0 / 2 : clips * frames + clip * (frames - 1) + $0 / 2) }
    }
    let x = temporal(
      together.gatheringRows(interleaved, shape: [clips, length, width]),
      bias: keyBias(valid.interleaved, clips, like: v))
    let frameRows = (0..<clips).flatMap { clip in (0..<frames).map { Int32(clip * length + 2 * $0) } }
    return v + x.reshaped([clips * length, width]).gatheringRows(frameRows, shape: v.shape)
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.parameter("position", position)
    visitor.parameter("kind", kind)
    visitor.module("difference", difference)
    visitor.module("norm", norm)
    visitor.module("temporal", temporal)
  }
}

/// Which differences of adjacent frames may be attended to.
struct DifferenceMask {
  /// Among the differences alone, [N, L−1].
  var attended: [Bool] = []
  /// Among frames and differences in turn, [N, 2L−1].
  var interleaved: [Bool] = []

  init(_ mask: [Bool], clips: Int, frames: Int, padding: ModelConfiguration.Padding) {
    for clip in 0..<clips {
      let valid = mask[(clip * frames)..<((clip + 1) * frames)].map { $0 }
      // A clip with one valid frame has no valid difference: let it attend to all, its output is not used.
      let any = valid.dropFirst().contains(true)
      attended += valid.dropFirst().map { $0 || !any }
      for t in 0..<frames {
        interleaved.append(valid[t])
        guard t + 1 < frames else { continue }
        interleaved.append(padding == .release ? valid[t] : valid[t] && valid[t + 1])
      }
    }
  }
}

/// Validity of keys [batch, keys] as an additive bias (batch, 1, keys) for attention of rows like `tensor`'s: 0 where
/// valid, -inf where not; float32 where those are bfloat16.
func keyBias(_ valid: [Bool], _ batch: Int, like tensor: Tensor) -> Tensor {
  Tensor(
    valid.map { $0 ? 0 : -Float.infinity }, shape: [batch, 1, valid.count / batch],
    dtype: tensor.dtype == .bfloat16 ? .float32 : tensor.dtype, backend: tensor.backend)
}
