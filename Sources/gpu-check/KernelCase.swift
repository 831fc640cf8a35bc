import TensorCore

/// A kernel with operands made for it.
struct PreparedKernel {
  /// Queues it once. May be repeated: what it adds to grows then.
  let run: () -> Void
  /// What it writes.
  let outputs: [Tensor]
  /// Bytes that any implementation moves between memory and chip: every operand once.
  let byteCount: Int
  /// Multiplications and additions of a product.
  var operationCount = 0
}

/// What is checked and timed of one kernel.
struct KernelCase: Sendable {
  let name: String
  /// ‖result − reference‖ ÷ ‖reference‖ of every output, with a float64 reference of the same inputs.
  let tolerance: Double
  let make: @Sendable (inout Workbench, EncoderShape) -> PreparedKernel
}

/// The sizes that kernels of the encoder have.
struct EncoderShape: Sendable {
  var pictures: Int
  var tokens: Int
  var width: Int
  var heads: Int
  /// Pixels of a side, and of a patch.
  var resolution: Int
  var patch: Int

  var rows: Int { pictures * tokens }
  var hidden: Int { 4 * width }

  /// ViT-B/32 on the images and frames of `pairs` pairs of ten frames.
  static func baseEncoder(pairs: Int) -> EncoderShape {
    EncoderShape(pictures: 11 * pairs, tokens: 50, width: 768, heads: 12, resolution: 224, patch: 32)
  }

  /// Sizes that no tile divides, and the real ones of few pictures.
  static let checked = [
    EncoderShape(pictures: 3, tokens: 49, width: 192, heads: 3, resolution: 96, patch: 32),
    EncoderShape(pictures: 1, tokens: 1, width: 64, heads: 1, resolution: 32, patch: 16),
    EncoderShape(pictures: 5, tokens: 64, width: 128, heads: 2, resolution: 48, patch: 16),
    EncoderShape(pictures: 2, tokens: 65, width: 320, heads: 5, resolution: 64, patch: 16),
    EncoderShape(pictures: 3, tokens: 7, width: 36, heads: 3, resolution: 35, patch: 7),
    EncoderShape(pictures: 4, tokens: 50, width: 768, heads: 12, resolution: 224, patch: 32),
  ]
}

extension Tensor {
  /// Bytes of all of them.
  static func bytes(_ tensors: Tensor?...) -> Int { tensors.reduce(0) { $0 + ($1?.byteCount ?? 0) } }
}
