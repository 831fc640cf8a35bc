import TensorCore

/// The kernels that a training step spends its time in, with the operands that it gives them.
enum KernelCases {
  static let all: [KernelCase] =
    pictures + norms + attention + elementwise + reductions + rearrangements + optimizer
    + products

  static let pictures = [PixelLayout.rgb, .yuv420].map { layout in
    KernelCase(name: "patches of \(layout), bf16", tolerance: 2.5e-3) { bench, shape in
      let pictureByteCount = layout.pictureByteCount(size: shape.resolution)
      let bytes = bench.bytes(shape.pictures * pictureByteCount)
      let grid = shape.resolution / shape.patch
      let result = bench.output([shape.pictures * grid * grid, 3 * shape.patch * shape.patch], .bfloat16)
      let backend = bench.backend
      let (mean, deviation) = ([0.48, 0.46, 0.41], [0.27, 0.26, 0.28])
      // On a GPU the pictures are there before: what is timed is the kernel.
      let staged = bytes.withUnsafeBytes { bytes in
        backend.makePictureStaging()?.stage(shape.pictures, byteCount: pictureByteCount) {
          UnsafeRawBufferPointer(rebasing: bytes[($0 * pictureByteCount)..<(($0 + 1) * pictureByteCount)])
        }
      }
      return PreparedKernel(
        run: {
          if let staged {
            return backend.patches(
              of: staged, 0..<shape.pictures, layout: layout, size: shape.resolution, patch: shape.patch, mean: mean,
              deviation: deviation, into: result)
          }
          bytes.withUnsafeBufferPointer {
            backend.patches(
              of: $0, layout: layout, images: shape.pictures, size: shape.resolution, patch: shape.patch, mean: mean,
              deviation: deviation, into: result)
          }
        }, outputs: [result], byteCount: bytes.count + result.byteCount)
    }
  }

  static let norms = [
    KernelCase(name: "layer norm of a sum, float32 + bf16 -> bf16", tolerance: 2.5e-3) { bench, shape in
      let x = bench.input([shape.rows, shape.width], .float32)
      let update = bench.input([shape.rows, shape.width], .bfloat16)
      let (gamma, beta) = (bench.input([shape.width], .float32), bench.input([shape.width], .float32))
      let (sum, result) = (bench.output(x.shape, .float32), bench.output(x.shape, .bfloat16))
      let (mean, deviation) = (bench.output([shape.rows], .float32), bench.output([shape.rows], .float32))
      return PreparedKernel(
        run: {
          x.backend.layerNorm(
            x, adding: update, gamma: gamma, beta: beta, epsilon: 1e-5, sum: sum, into: result, mean: mean,
            inverseDeviation: deviation)
        }, outputs: [sum, result, mean, deviation], byteCount: Tensor.bytes(x, update, sum, result, mean, deviation))
    },
    KernelCase(name: "layer norm backward, bf16 -> float32", tolerance: 2.5e-3) { bench, shape in
      let x = bench.input([shape.rows, shape.width], .float32)
      let gamma = bench.input([shape.width], .float32)
      let mean = bench.input([shape.rows], .float32, low: -0.01, high: 0.01)
      let deviation = bench.input([shape.rows], .float32, low: 1.7, high: 1.8)
      let dy = bench.input(x.shape, .bfloat16)
      let addend = bench.input(x.shape, .float32)
      let dx = bench.output(x.shape, .float32)
      let (dGamma, dBeta) = (bench.zeros(gamma.shape, .float32), bench.zeros(gamma.shape, .float32))
      return PreparedKernel(
        run: {
          x.backend.layerNormBackward(
            x, gamma: gamma, mean: mean, inverseDeviation: deviation, dy: dy, adding: addend, into: dx,
            dGamma: dGamma, dBeta: dBeta)
        }, outputs: [dx, dGamma, dBeta], byteCount: Tensor.bytes(x, dy, addend, dx, mean, deviation))
    },
    KernelCase(name: "layer norm again, float32 -> bf16", tolerance: 2.5e-3) { bench, shape in
      let x = bench.input([shape.rows, shape.width], .float32)
      let (gamma, beta) = (bench.input([shape.width], .float32), bench.input([shape.width], .float32))
      let mean = bench.input([shape.rows], .float32, low: -0.01, high: 0.01)
      let deviation = bench.input([shape.rows], .float32, low: 1.7, high: 1.8)
      let result = bench.output(x.shape, .bfloat16)
      return PreparedKernel(
        run: {
          x.backend.normalize(
            x, gamma: gamma, beta: beta, mean: mean, inverseDeviation: deviation, into: result)
        }, outputs: [result], byteCount: Tensor.bytes(x, result, mean, deviation))
    },
    KernelCase(name: "softmax of rows, float32", tolerance: 1e-5) { bench, shape in
      let x = bench.input([shape.rows, shape.width], .float32, low: -4, high: 4)
      let result = bench.output(x.shape, .float32)
      return PreparedKernel(
        run: { x.backend.softmax(x, into: result) }, outputs: [result], byteCount: Tensor.bytes(x, result))
    },
    KernelCase(name: "rows to unit length, float32", tolerance: 1e-5) { bench, shape in
      let x = bench.input([shape.rows, shape.width], .float32)
      let (result, lengths) = (bench.output(x.shape, .float32), bench.output([shape.rows], .float32))
      return PreparedKernel(
        run: { x.backend.unitRows(x, epsilon: 1e-12, into: result, lengths: lengths) }, outputs: [result, lengths],
        byteCount: Tensor.bytes(x, result, lengths))
    },
  ]

  static let attention = [
    KernelCase(name: "attention, bf16", tolerance: 4e-3) { bench, shape in
      let packed = bench.input([shape.rows, 3 * shape.width], .bfloat16)
      let result = bench.output([shape.rows, shape.width], .bfloat16)
      let sizes = AttentionShape(shape)
      let blocks = (0..<3).map { RowBlock(packed, column: $0 * shape.width) }
      return PreparedKernel(
        run: {
          packed.backend.attention(
            sizes, query: blocks[0], key: blocks[1], value: blocks[2], bias: nil, into: RowBlock(result))
        }, outputs: [result], byteCount: Tensor.bytes(packed, result))
    },
    KernelCase(name: "attention backward, bf16", tolerance: 5e-3) { bench, shape in
      let packed = bench.input([shape.rows, 3 * shape.width], .bfloat16)
      let dy = bench.input([shape.rows, shape.width], .bfloat16)
      let dPacked = bench.output(packed.shape, .bfloat16)
      let sizes = AttentionShape(shape)
      let blocks = (0..<3).map { RowBlock(packed, column: $0 * shape.width) }
      let gradients = (0..<3).map { RowBlock(dPacked, column: $0 * shape.width) }
      return PreparedKernel(
        run: {
          packed.backend.attentionBackward(
            sizes, query: blocks[0], key: blocks[1], value: blocks[2], bias: nil, dy: RowBlock(dy),
            dQuery: gradients[0], dKey: gradients[1], dValue: gradients[2], dBias: nil)
        }, outputs: [dPacked], byteCount: Tensor.bytes(packed, dy, dPacked))
    },
  ]

  static let elementwise = [
    KernelCase(name: "QuickGELU, bf16", tolerance: 2.5e-3) { bench, shape in
      let x = bench.input([shape.rows, shape.hidden], .bfloat16, low: -3, high: 3)
      let result = bench.output(x.shape, .bfloat16)
      return PreparedKernel(
        run: { x.backend.apply(.quickGELU, to: x, into: result) }, outputs: [result],
        byteCount: Tensor.bytes(x, result))
    },
    KernelCase(name: "QuickGELU backward, bf16", tolerance: 2.5e-3) { bench, shape in
      let x = bench.input([shape.rows, shape.hidden], .bfloat16, low: -3, high: 3)
      let dy = bench.input(x.shape, .bfloat16)
      let (y, dx) = (bench.output(x.shape, .bfloat16), bench.output(x.shape, .bfloat16))
      return PreparedKernel(
        run: { x.backend.quickGELUBackward(x, dy: dy, into: y, dx: dx) }, outputs: [y, dx],
        byteCount: Tensor.bytes(x, dy, y, dx))
    },
    KernelCase(name: "conversion, float32 -> bf16", tolerance: 2.5e-3) { bench, shape in
      let x = bench.input([shape.rows, shape.width], .float32)
      let result = bench.output(x.shape, .bfloat16)
      return PreparedKernel(
        run: { x.backend.convert(x, into: result) }, outputs: [result], byteCount: Tensor.bytes(x, result))
    },
    KernelCase(name: "sum, float32", tolerance: 1e-6) { bench, shape in
      let (a, b) = (
        bench.input([shape.rows, shape.width], .float32), bench.input([shape.rows, shape.width], .float32)
      )
      let result = bench.output(a.shape, .float32)
      return PreparedKernel(
        run: { a.backend.add(a, b, into: result) }, outputs: [result], byteCount: Tensor.bytes(a, b, result))
    },
    KernelCase(name: "sum with positions, float32", tolerance: 1e-6) { bench, shape in
      let x = bench.input([shape.rows, shape.width], .float32)
      let positions = bench.input([shape.tokens, shape.width], .float32)
      let result = bench.output(x.shape, .float32)
      return PreparedKernel(
        run: { x.backend.addSuffix(positions, to: x, into: result) }, outputs: [result],
        byteCount: Tensor.bytes(x, result))
    },
  ]

  static let reductions = [
    KernelCase(name: "sums of columns, bf16 -> float32", tolerance: 1e-4) { bench, shape in
      let x = bench.input([shape.rows, shape.hidden], .bfloat16)
      let result = bench.output([shape.hidden], .float32)
      return PreparedKernel(
        run: { x.backend.columnSums(x, into: result, accumulate: false) }, outputs: [result], byteCount: x.byteCount)
    },
    KernelCase(name: "sum of all, float32", tolerance: 1e-4) { bench, shape in
      let x = bench.input([shape.rows, shape.width], .float32, low: 0, high: 1)
      let result = bench.output([], .float32)
      return PreparedKernel(
        run: { x.backend.sum(x, into: result) }, outputs: [result], byteCount: x.byteCount)
    },
  ]

  static let rearrangements = [
    KernelCase(name: "rows by number, float32", tolerance: 1e-7) { bench, shape in
      let x = bench.input([shape.rows, shape.width], .float32)
      let indices = IndexTensor(bench.numbers(shape.rows, below: shape.rows), backend: bench.backend)
      let result = bench.output(x.shape, .float32)
      return PreparedKernel(
        run: { x.backend.gatherRows(of: x, at: indices, into: result) }, outputs: [result],
        byteCount: Tensor.bytes(x, result))
    },
    KernelCase(name: "rows added by number, float32", tolerance: 1e-5) { bench, shape in
      let dy = bench.input([shape.rows, shape.width], .float32)
      let indices = IndexTensor(bench.numbers(shape.rows, below: shape.rows), backend: bench.backend)
      let result = bench.zeros(dy.shape, .float32)
      return PreparedKernel(
        run: { dy.backend.scatterAddRows(of: dy, at: indices, to: result) }, outputs: [result],
        byteCount: Tensor.bytes(dy, result, result))
    },
    KernelCase(name: "sorted rows, float32", tolerance: 1e-7) { bench, shape in
      let x = bench.input([shape.pictures * 8, shape.width], .float32)
      let values = bench.output(x.shape, .float32)
      let indices = IndexTensor(uninitialized: x.count, backend: bench.backend)
      return PreparedKernel(
        run: { x.backend.sortRows(x, into: values, indices: indices) }, outputs: [values],
        byteCount: Tensor.bytes(x, values) + 4 * x.count)
    },
  ]

  static let optimizer = [
    KernelCase(name: "AdamW with a bf16 copy", tolerance: 1e-5) { bench, shape in
      let count = [shape.pictures * shape.width * 64]
      let weight = bench.input(count, .float32)
      let gradient = bench.input(count, .float32)
      let first = bench.input(count, .float32)
      let second = bench.input(count, .float32, low: 0, high: 1)
      let operand = bench.isReference ? nil : bench.output(count, .bfloat16)
      let update = AdamWUpdate(
        gradientScale: 0.5, rate: 1e-3, beta1: 0.9, beta2: 0.98, epsilon: 1e-6, decay: 0.2, correction1: 0.3,
        correction2: 0.1)
      return PreparedKernel(
        run: {
          weight.backend.adamW(
            update, weight: weight, gradient: gradient, firstMoment: first, secondMoment: second, operand: operand)
        }, outputs: [weight, first, second],
        byteCount: Tensor.bytes(weight, weight, gradient, first, first, second, second, operand))
    }
  ]

  /// The products of an encoder block: forward, to the input, to the weight.
  static let products: [KernelCase] = [
    (name: "QKV", inputs: 1, outputs: 3), (name: "output", inputs: 1, outputs: 1),
    (name: "expansion", inputs: 1, outputs: 4), (name: "contraction", inputs: 4, outputs: 1),
  ].flatMap { layer in
    let sizes = { @Sendable (shape: EncoderShape) in
      (shape.rows, layer.inputs * shape.width, layer.outputs * shape.width)
    }
    return [
      KernelCase(name: "\(layer.name), bf16 with bias", tolerance: 4e-3) { bench, shape in
        let (rows, inputs, outputs) = sizes(shape)
        let x = bench.input([rows, inputs], .bfloat16)
        let weight = bench.input([outputs, inputs], .bfloat16)
        let bias = bench.input([outputs], .float32)
        let y = bench.output([rows, outputs], .bfloat16)
        return product(
          MatrixOperand(x, rowStride: inputs), MatrixOperand(weight, isTransposed: true, rowStride: inputs), y,
          bias: bias, rows, outputs, inputs)
      },
      KernelCase(name: "\(layer.name) to its input, bf16", tolerance: 4e-3) { bench, shape in
        let (rows, inputs, outputs) = sizes(shape)
        let dy = bench.input([rows, outputs], .bfloat16)
        let weight = bench.input([outputs, inputs], .bfloat16)
        let dx = bench.output([rows, inputs], .bfloat16)
        return product(
          MatrixOperand(dy, rowStride: outputs), MatrixOperand(weight, rowStride: inputs), dx, bias: nil, rows, inputs,
          outputs)
      },
      KernelCase(name: "\(layer.name) to its weight, bf16 -> float32", tolerance: 1e-4) { bench, shape in
        let (rows, inputs, outputs) = sizes(shape)
        let dy = bench.input([rows, outputs], .bfloat16)
        let x = bench.input([rows, inputs], .bfloat16)
        let dWeight = bench.output([outputs, inputs], .float32)
        return product(
          MatrixOperand(dy, isTransposed: true, rowStride: outputs), MatrixOperand(x, rowStride: inputs), dWeight,
          bias: nil, outputs, inputs, rows)
      },
    ]
  }

  private static func product(
    _ a: MatrixOperand, _ b: MatrixOperand, _ c: Tensor, bias: Tensor?, _ rows: Int, _ columns: Int, _ inner: Int
  ) -> PreparedKernel {
    PreparedKernel(
      run: {
        c.backend.product(
          a, b, into: MatrixOperand(c, rowStride: columns), bias: bias, rows: rows, columns: columns, inner: inner,
          batch: 1, accumulate: false)
      }, outputs: [c], byteCount: Tensor.bytes(a.tensor, b.tensor, c), operationCount: 2 * rows * columns * inner)
  }
}

extension AttentionShape {
  init(_ shape: EncoderShape) {
    self.init(
      batch: shape.pictures, heads: shape.heads, queries: shape.tokens, keys: shape.tokens,
      width: shape.width / shape.heads)
  }
}
