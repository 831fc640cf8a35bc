import TensorCore

/// What this GPU does at best, by measurement: the floors of all kernels.
struct Hardware {
  /// Bytes read and written in a second by a copy of a gigabyte.
  let bytesPerSecond: Double
  /// Operations in a second of one large bf16 product.
  let operationsPerSecond: Double

  init(_ gpu: any Backend, size: Int = 8_192, copiedByteCount: Int = 1 << 30) {
    let clock = KernelClock(gpu: gpu)
    var bench = Workbench(gpu, isReference: false, seed: 1)
    let from = bench.input([copiedByteCount / 4], .float32)
    let to = bench.output(from.shape, .float32)
    let copy = PreparedKernel(run: { gpu.copy(from, into: to) }, outputs: [], byteCount: 2 * copiedByteCount)
    bytesPerSecond = Double(copy.byteCount) / clock(copy)
    let (a, b) = (bench.input([size, size], .bfloat16), bench.input([size, size], .bfloat16))
    let c = bench.output([size, size], .bfloat16)
    let product = PreparedKernel(
      run: {
        gpu.product(
          MatrixOperand(a, rowStride: size), MatrixOperand(b, isTransposed: true, rowStride: size),
          into: MatrixOperand(c, rowStride: size), bias: nil, rows: size, columns: size, inner: size, batch: 1,
          accumulate: false)
      }, outputs: [], byteCount: 0, operationCount: 2 * size * size * size)
    operationsPerSecond = Double(product.operationCount) / clock(product)
  }

  /// Seconds below which no implementation of the kernel can be.
  func floor(_ kernel: PreparedKernel) -> Double {
    max(Double(kernel.byteCount) / bytesPerSecond, Double(kernel.operationCount) / operationsPerSecond)
  }
}
