import TensorCore

/// An encoder's way through the pictures of a batch, one part after another.
///
/// Of the first encoding nothing is kept but the tokens (pictures, P, D). The losses are computed from those, and their
/// backward pass ends there; then each part is encoded again, with all that its own backward pass needs. So the losses
/// see the whole batch, and the encoder's intermediate results are those of one part.
struct PartwiseEncoding {
  private let parts: [Range<Int>]
  private let start: GraphInput
  private let encode: (Range<Int>) -> Tensor

  /// `encode` gives the tokens of some of the pictures.
  init(pictureCount: Int, partCount: Int, encode: @escaping (Range<Int>) -> Tensor) {
    let partCount = min(partCount, pictureCount)
    parts = (0..<partCount).map { (pictureCount * $0 / partCount)..<(pictureCount * ($0 + 1) / partCount) }
    var whole: Tensor?
    for part in parts {
      let tokens = GradientRecording.off { encode(part) }
      let all = whole ?? Tensor(like: tokens, shape: [pictureCount] + tokens.shape.dropFirst())
      all.backend.copy(tokens, into: PartwiseEncoding.slice(of: all, part))
      whole = all
    }
    guard let whole else { preconditionFailure("no pictures to encode in parts") }
    start = GraphInput(whole)
    self.encode = encode
  }

  /// Of all pictures.
  var tokens: Tensor { start.tensor }

  /// Carries the gradients that have reached the tokens through the encoder; the observer follows the last part.
  func backward(observer: (any BackwardObserver)?) {
    guard let gradient = start.gradient else { preconditionFailure("no loss depends on the pictures") }
    for (number, part) in parts.enumerated() {
      encode(part).backward(
        from: PartwiseEncoding.slice(of: gradient, part), observer: number == parts.count - 1 ? observer : nil)
    }
  }

  private static func slice(of tokens: Tensor, _ part: Range<Int>) -> Tensor {
    let perPicture = tokens.shape.dropFirst().reduce(1, *)
    return tokens.slice(at: part.lowerBound * perPicture, shape: [part.count] + tokens.shape.dropFirst())
  }
}
