/// How the losses of a batch are computed. It decides memory and time, and no number but its rounding.
public struct Computation: Sendable, Equatable {
  /// Parts in which the pictures are encoded. With more than one, they are encoded once for the losses of the whole
  /// batch, keeping tokens alone, and part by part again for the gradients.
  public var encoderPartCount: Int
  /// Whether the blocks of the visual encoder keep their inputs alone and are computed again in the backward pass.
  public var recomputesBlocks: Bool

  public init(encoderPartCount: Int = 1, recomputesBlocks: Bool = false) {
    precondition(encoderPartCount > 0, "pictures in \(encoderPartCount) parts")
    self.encoderPartCount = encoderPartCount
    self.recomputesBlocks = recomputesBlocks
  }
}
