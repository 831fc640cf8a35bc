// Linear layers, alone and fused with what stands before them.
//
// The format of the weight is the format of the product. Where it is bfloat16 the other operands are rounded to it, sums
// run in float32, and the gradients of weight and bias are float32. What a fused layer multiplies is not kept: the
// backward pass makes it again, which costs less than the memory would.

/// How a weight lies in memory.
public enum WeightLayout: Sendable {
  /// (outputs, inputs), as PyTorch's `nn.Linear` has it.
  case outputsFirst
  /// (inputs, outputs), as CLIP's `proj`.
  case inputsFirst
}

extension Tensor {
  /// y = x·Wᵀ + b over the last axis: x (…, inputs), W as `layout` says, b (outputs) or none -> (…, outputs) in the
  /// format `result`, that of x where none is given.
  ///
  /// dx = dy·W, dW = dyᵀ·x, db = Σ dy.
  public func linear(
    _ weight: Tensor, bias: Tensor? = nil, layout: WeightLayout = .outputsFirst, result: DType? = nil
  ) -> Tensor {
    let x = variable
    let layer = LinearProduct(weight, bias, layout)
    let operand = rounded(to: weight.dtype)
    let y = layer.forward(operand, shape: x.shape, format: result ?? x.dtype)
    return y.record(from: x, weight, bias ?? weight) { dy, gradients in
      let dOperand = dy.rounded(to: weight.dtype)
      gradients.accumulate(into: x) { layer.inputGradient(of: dOperand, into: $0, accumulate: $1) }
      layer.addParameterGradients(of: dy, dOperand, input: operand, gradients)
    }
  }

  /// linear(quickGELU(x)), x (…, inputs) -> (…, outputs) in the format of x.
  ///
  /// dx = dy·W · quickGELU′(x).
  public func quickGELULinear(_ weight: Tensor, bias: Tensor) -> Tensor {
    let x = self
    precondition(x.dtype == weight.dtype, "a product of \(x) and \(weight)")
    let layer = LinearProduct(weight, bias, .outputsFirst)
    let activated = Tensor(like: x)
    backend.apply(.quickGELU, to: x, into: activated)
    let y = layer.forward(activated, shape: x.shape, format: x.dtype)
    return y.record(from: x, weight, bias) { dy, gradients in
      let dx = Tensor(like: x)
      let again = Tensor(like: x)
      layer.inputGradient(of: dy, into: dx, accumulate: false)
      x.backend.quickGELUBackward(x, dy: dx, into: again, dx: dx)
      layer.addParameterGradients(of: dy, dy, input: again, gradients)
      gradients.add(dx, to: x)
    }
  }

  /// linear(layerNorm(sum)) of sum = x + update, in one pass over them: x (…, inputs) -> sum like x and the result
  /// (…, outputs), in the format of the weight where none is given.
  ///
  /// Both are values that gradients go back through. `update`, in the format of x or of the weight, may be missing:
  /// then the sum is x.
  public func normalizedLinear(
    adding update: Tensor? = nil, gamma: Tensor, beta: Tensor, epsilon: Double = 1e-5, weight: Tensor,
    bias: Tensor? = nil, layout: WeightLayout = .outputsFirst, result: DType? = nil
  ) -> (sum: Tensor, result: Tensor) {
    precondition(
      gamma.count == columnCount && beta.count == columnCount, "a layer norm of \(gamma.shape) on \(shape)")
    precondition(update == nil || update!.shape == shape, "a sum of \(self) and \(update!)")
    let layer = LinearProduct(weight, bias, layout)
    let sum = update == nil ? self : Tensor(like: self)
    let normalized = Tensor(uninitialized: shape, dtype: weight.dtype, backend: backend)
    let mean = Tensor(like: self, shape: [rowCount])
    let inverseDeviation = Tensor(like: mean)
    backend.layerNorm(
      self, adding: update, gamma: gamma, beta: beta, epsilon: epsilon, sum: sum, into: normalized, mean: mean,
      inverseDeviation: inverseDeviation)
    if let update {
      let (x, update) = (variable, update.variable)
      _ = sum.record(from: x, update) { dSum, gradients in
        gradients.add(dSum, to: x)
        gradients.add(dSum.rounded(to: update.dtype), to: update)
      }
    }
    let y = layer.forward(normalized, shape: shape, format: result ?? weight.dtype)
    let recorded = y.record(from: sum, gamma, beta, weight, bias ?? weight) { dy, gradients in
      let dOperand = dy.rounded(to: weight.dtype)
      let dNormalized = Tensor(uninitialized: sum.shape, dtype: weight.dtype, backend: sum.backend)
      layer.inputGradient(of: dOperand, into: dNormalized, accumulate: false)
      if weight.isTracked || bias?.isTracked ?? false {
        let again = Tensor(like: dNormalized)
        sum.backend.normalize(
          sum, gamma: gamma, beta: beta, mean: mean, inverseDeviation: inverseDeviation, into: again)
        layer.addParameterGradients(of: dy, dOperand, input: again, gradients)
      }
      gradients.addLayerNorm(
        of: sum, gamma: gamma, beta: beta, mean: mean, inverseDeviation: inverseDeviation, dy: dNormalized)
    }
    return (sum, recorded)
  }

  /// The same numbers in a format of products, outside any backward pass; self where it has it.
  private func rounded(to dtype: DType) -> Tensor {
    guard dtype != self.dtype else { return self }
    let y = Tensor(uninitialized: shape, dtype: dtype, backend: backend)
    backend.convert(self, into: y)
    return y
  }
}

/// The three products of a linear layer.
private struct LinearProduct {
  let weight: Tensor
  let bias: Tensor?
  let layout: WeightLayout
  let inputs, outputs: Int

  init(_ weight: Tensor, _ bias: Tensor?, _ layout: WeightLayout) {
    precondition(weight.shape.count == 2, "a linear layer of \(weight)")
    self.weight = weight
    self.bias = bias
    self.layout = layout
    let outputsFirst = layout == .outputsFirst
    outputs = weight.shape[outputsFirst ? 0 : 1]
    inputs = weight.shape[outputsFirst ? 1 : 0]
    precondition(bias == nil || bias!.count == outputs, "a bias of \(bias!.shape) for \(outputs) outputs")
  }

  /// (…, inputs) -> (…, outputs)
  func forward(_ x: Tensor, shape: [Int], format: DType) -> Tensor {
    precondition(x.columnCount == inputs, "a linear layer of \(weight.shape) on \(x.shape)")
    let y = Tensor(uninitialized: shape.dropLast() + [outputs], dtype: format, backend: x.backend)
    let w = MatrixOperand(weight, isTransposed: layout == .outputsFirst, rowStride: weight.columnCount)
    x.backend.product(
      MatrixOperand(x, rowStride: inputs), w, into: MatrixOperand(y, rowStride: outputs), bias: bias, rows: x.rowCount,
      columns: outputs, inner: inputs, batch: 1, accumulate: false)
    return y
  }

  /// dx = dy·W
  func inputGradient(of dy: Tensor, into dx: Tensor, accumulate: Bool) {
    let w = MatrixOperand(weight, isTransposed: layout == .inputsFirst, rowStride: weight.columnCount)
    dy.backend.product(
      MatrixOperand(dy, rowStride: outputs), w, into: MatrixOperand(dx, rowStride: inputs), bias: nil,
      rows: dy.rowCount, columns: inputs, inner: outputs, batch: 1, accumulate: accumulate)
  }

  /// dW = dyᵀ·x and db = Σ dy; `operand` is dy in the format of the product.
  func addParameterGradients(of dy: Tensor, _ operand: Tensor, input x: Tensor, _ gradients: Gradients) {
    gradients.accumulate(into: weight) { dWeight, accumulate in
      let dyMatrix = { MatrixOperand(operand, isTransposed: $0, rowStride: outputs) }
      let xMatrix = { MatrixOperand(x, isTransposed: $0, rowStride: inputs) }
      let outputsFirst = layout == .outputsFirst
      x.backend.product(
        outputsFirst ? dyMatrix(true) : xMatrix(true), outputsFirst ? xMatrix(false) : dyMatrix(false),
        into: MatrixOperand(dWeight, rowStride: weight.columnCount), bias: nil, rows: weight.shape[0],
        columns: weight.shape[1], inner: dy.rowCount, batch: 1, accumulate: accumulate)
    }
    if let bias { gradients.accumulate(into: bias) { x.backend.columnSums(dy, into: $0, accumulate: $1) } }
  }
}
