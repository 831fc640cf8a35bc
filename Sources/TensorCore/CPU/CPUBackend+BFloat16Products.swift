import CVectorKernels

extension CPUBackend {
  /// Whether this machine multiplies bfloat16 matrices faster than float32 ones. Elsewhere such products are right but
  /// slow: the operands are widened to float32.
  public static var hasBFloat16Products: Bool { OneDNN.hasBFloat16Products }
  public var hasBFloat16Products: Bool { usesBFloat16Products }

  /// By oneDNN, on this thread.
  func bfloat16Product(_ part: ProductPart, cIsFloat32: Bool, accumulate: Bool) {
    let shape = OneDNNProductShape(
      rows: part.rows, columns: part.columns, inner: part.inner, a: .init(part.a), b: .init(part.b), c: .init(part.c),
      cIsFloat32: cIsFloat32, hasBias: part.bias != nil, accumulates: accumulate,
      packsB: OneDNNProductShape.packingPays(
        rows: part.rows, aIsTransposed: part.a.isTransposed, bIsTransposed: part.b.isTransposed))
    OneDNNProducts.ofThisThread.run(shape, part.a.address, part.b.address, into: part.c.address, bias: part.bias)
  }

  /// The same numbers, but for the rounding of sums, by OpenBLAS in float32.
  func widenedProduct(_ part: ProductPart, cIsFloat32: Bool, accumulate: Bool) {
    let (rows, columns, inner) = (part.rows, part.columns, part.inner)
    withScratch((rows * inner + inner * columns + (cIsFloat32 ? 0 : rows * columns)) * 4) { scratch in
      var part = part
      part.a = widened(part.a, rows: rows, columns: inner, at: scratch)
      part.b = widened(part.b, rows: inner, columns: columns, at: scratch + rows * inner * 4)
      if cIsFloat32 { return plainProduct(.float32, part, accumulate: accumulate) }
      let c = part.c
      let sums = scratch + (rows * inner + inner * columns) * 4
      if accumulate { _ = widened(c, rows: rows, columns: columns, at: sums) }
      part.c = MatrixPointer(sums, isTransposed: false, stride: columns, elementByteCount: 4)
      plainProduct(.float32, part, accumulate: accumulate)
      for row in 0..<rows {
        vk_convert(DType.float32.anyCode, part.c.row(row), DType.bfloat16.anyCode, c.row(row), columns)
      }
    }
  }

  /// A dense float32 copy, transposed where the matrix is.
  private func widened(
    _ matrix: MatrixPointer, rows: Int, columns: Int, at target: UnsafeMutableRawPointer
  ) -> MatrixPointer {
    let (storedRows, width) = matrix.isTransposed ? (columns, rows) : (rows, columns)
    for row in 0..<storedRows {
      vk_convert(
        DType.bfloat16.anyCode, matrix.row(row), DType.float32.anyCode, target + row * width * 4, width)
    }
    return MatrixPointer(target, isTransposed: matrix.isTransposed, stride: width, elementByteCount: 4)
  }

  private func withScratch(_ byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
    let storage = CPUStorage(byteCount: byteCount, pool: pool)
    withExtendedLifetime(storage) { body(storage.pointer) }
  }
}

extension OneDNNProductShape {
  /// Whether b should be packed before the product rather than in it: oneDNN packs it anew for every block of rows, so
  /// that with enough of them an own pass costs less than it saves.
  ///
  /// GFLOP/s of one core of a Zen 5 at ViT-B/32's products of 2200 rows, as b lies and packed, the packing counted and
  /// the operands not in a cache: x·Wᵀ 406 to 425 and 413 to 429; dy·W 380 to 415 and 413 to 435 (of 550 rows 341 to
  /// 374 and 369 to 390); dW += dyᵀ·x of 2304 and 3072 rows 336 to 358 and 343 to 358, of 768 rows 339 to 361 and 306
  /// to 318. Weights packed once for many products would save 3 % more, in copies of them all.
  static func packingPays(rows: Int, aIsTransposed: Bool, bIsTransposed: Bool) -> Bool {
    !bIsTransposed && rows >= (aIsTransposed ? 1536 : 512)
  }
}

extension OneDNNProductShape.Layout {
  init(_ matrix: MatrixPointer) { self.init(stride: matrix.stride, isTransposed: matrix.isTransposed) }
}
