import CNVIDIA
import TensorCore

extension CUDABackend {
  public func adamW(
    _ update: AdamWUpdate, weight: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor,
    operand: Tensor?
  ) {
    let tensors = [weight, gradient, firstMoment, secondMoment]
    precondition(tensors.allSatisfy { $0.dtype == weight.dtype }, "AdamW of \(tensors)")
    precondition(operand.map { $0.dtype == .bfloat16 } ?? true, "an operand \(operand!)")
    // Computed in float64 and rounded once, as the CPU worker does.
    let constants = [
      update.gradientScale, 1 - update.rate * update.decay, update.rate / update.correction1, update.beta1,
      1 - update.beta1, update.beta2, 1 - update.beta2, update.epsilon, 1 / update.correction2.squareRoot(),
    ]
    launch(
      "adamw_\(weight.dtype.floatSuffix)", over: tensors + (operand.map { [$0] } ?? []), reads: tensors.count,
      (tensors + [operand]).map { .tensor($0) } + constants.map { .number($0, of: weight.dtype) })
  }
}
