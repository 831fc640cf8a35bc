import TensorCore

/// What flows through pre-norm blocks: a tensor and what the last block adds to it. The sum is made by the norm that
/// reads it next, in the same pass.
public struct ResidualStream {
  /// (batch, tokens, D), never rounded to the format of products.
  public let value: Tensor
  /// Of the same shape, in the format of products.
  public let update: Tensor?

  public init(_ value: Tensor, adding update: Tensor? = nil) {
    self.value = value
    self.update = update
  }

  /// value + update
  public var sum: Tensor {
    guard let update else { return value }
    return value + update.converted(to: value.dtype)
  }

  /// body(self), of which nothing but self is kept: `Tensor.recomputed`.
  func recomputed(parameters: [Tensor], _ body: @escaping (ResidualStream) -> ResidualStream) -> ResidualStream {
    ResidualStream(Tensor.recomputed(tensors, parameters: parameters) { body(ResidualStream($0)).tensors })
  }

  private var tensors: [Tensor] { [value] + (update.map { [$0] } ?? []) }

  private init(_ tensors: [Tensor]) { self.init(tensors[0], adding: tensors.count > 1 ? tensors[1] : nil) }
}

extension LayerNorm {
  /// linear(norm(stream)), and the stream with its sum made.
  public func linear(
    _ stream: ResidualStream, weight: Tensor, bias: Tensor? = nil, layout: WeightLayout = .outputsFirst,
    result: DType? = nil
  ) -> (sum: Tensor, result: Tensor) {
    stream.value.normalizedLinear(
      adding: stream.update, gamma: self.weight.value, beta: self.bias.value, epsilon: epsilon, weight: weight,
      bias: bias, layout: layout, result: result)
  }
}
