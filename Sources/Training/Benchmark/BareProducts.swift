import Randomness
import TensorCore

/// The products of an encoder's layers on numbers in memory, and nothing else: what its time is compared with.
struct BareProducts {
  private let work: EncoderWork
  private let backend: any Backend
  /// Operands of the products' format, as large as the largest: activations, their gradients, weights.
  private let input: Tensor
  private let outputGradient: Tensor
  private let weight: Tensor
  private let output: Tensor
  private let inputGradient: Tensor
  /// float32 in every format.
  private let weightGradient: Tensor

  /// - Parameter format: of the operands and activations; gradients of weights are float32.
  init(_ work: EncoderWork, format: DType, backend: any Backend) {
    (self.work, self.backend) = (work, backend)
    let layers = work.layers
    let greatest = { (size: (EncoderWork.LinearLayer) -> Int) in layers.map(size).max() ?? 0 }
    let random = { (count: Int, name: String) in
      let numbers = Tensor(uninitialized: [count], backend: backend)
      backend.fillNormal(numbers, from: RandomStream(seed: 1, "products " + name), deviation: 0.05)
      guard format != .float32 else { return numbers }
      let converted = Tensor(uninitialized: [count], dtype: format, backend: backend)
      backend.convert(numbers, into: converted)
      return converted
    }
    input = random(greatest { $0.rows * $0.inputs }, "input")
    outputGradient = random(greatest { $0.rows * $0.outputs }, "gradient")
    weight = random(greatest { $0.inputs * $0.outputs }, "weight")
    output = Tensor.zeros(outputGradient.shape, dtype: format, backend: backend)
    inputGradient = Tensor.zeros(input.shape, dtype: format, backend: backend)
    weightGradient = Tensor.zeros(weight.shape, backend: backend)
  }

  /// Every product of a forward and backward pass, once.
  func run() {
    for layer in work.layers { for _ in 0..<layer.count { run(layer) } }
  }

  private func run(_ layer: EncoderWork.LinearLayer) {
    let (rows, inputs, outputs) = (layer.rows, layer.inputs, layer.outputs)
    let w = MatrixOperand(weight, isTransposed: true, rowStride: inputs)
    backend.product(
      MatrixOperand(input, rowStride: inputs), w, into: MatrixOperand(output, rowStride: outputs), bias: nil,
      rows: rows, columns: outputs, inner: inputs, batch: 1, accumulate: false)
    if layer.hasInputGradient {
      backend.product(
        MatrixOperand(outputGradient, rowStride: outputs), MatrixOperand(weight, rowStride: inputs),
        into: MatrixOperand(inputGradient, rowStride: inputs), bias: nil, rows: rows, columns: inputs, inner: outputs,
        batch: 1, accumulate: false)
    }
    backend.product(
      MatrixOperand(outputGradient, isTransposed: true, rowStride: outputs), MatrixOperand(input, rowStride: inputs),
      into: MatrixOperand(weightGradient, rowStride: inputs), bias: nil, rows: outputs, columns: inputs, inner: rows,
      batch: 1, accumulate: true)
  }
}
