// Matrix products: single, in batches, and transposes.

extension Tensor {
  /// a·b for matrices, or for as many pairs of matrices as the leading axes hold; either may be read transposed.
  ///
  /// a (…, m, k), b (…, k, n) -> (…, m, n), with the last two axes of an operand exchanged where it is transposed.
  public func product(_ b: Tensor, transposingSelf: Bool = false, transposingOther: Bool = false) -> Tensor {
    let a = self
    let p = MatrixProduct(a.shape, transposed: transposingSelf, b.shape, transposed: transposingOther)
    let c = Tensor(like: a, shape: p.leading + [p.rows, p.columns])
    p.run(a, transposingSelf, b, transposingOther, into: c, accumulate: false)
    return c.record(from: a, b) { dc, gradients in
      // c = a·b: da = dc·bᵀ and db = aᵀ·dc; where an operand was read transposed, its gradient is the transpose.
      gradients.accumulate(into: a) { da, accumulate in
        if transposingSelf {
          MatrixProduct(b.shape, transposed: transposingOther, dc.shape, transposed: true)
            .run(b, transposingOther, dc, true, into: da, accumulate: accumulate)
        } else {
          MatrixProduct(dc.shape, transposed: false, b.shape, transposed: !transposingOther)
            .run(dc, false, b, !transposingOther, into: da, accumulate: accumulate)
        }
      }
      gradients.accumulate(into: b) { db, accumulate in
        if transposingOther {
          MatrixProduct(dc.shape, transposed: true, a.shape, transposed: transposingSelf)
            .run(dc, true, a, transposingSelf, into: db, accumulate: accumulate)
        } else {
          MatrixProduct(a.shape, transposed: !transposingSelf, dc.shape, transposed: false)
            .run(a, !transposingSelf, dc, false, into: db, accumulate: accumulate)
        }
      }
    }
  }

  /// The last two axes exchanged.
  public func transposed() -> Tensor {
    precondition(shape.count >= 2, "the transpose of a tensor of shape \(shape)")
    let x = variable
    let (rows, columns) = (shape[shape.count - 2], columnCount)
    let y = Tensor(like: x, shape: shape.dropLast(2) + [columns, rows])
    backend.transpose(self, batch: count / max(1, rows * columns), rows: rows, columns: columns, into: y)
    return y.record(from: x) { dy, gradients in gradients.add(dy.transposed(), to: x) }
  }
}

/// The sizes of one (batch of) matrix product(s).
private struct MatrixProduct {
  let leading: [Int]
  let rows, inner, columns: Int

  init(_ a: [Int], transposed ta: Bool, _ b: [Int], transposed tb: Bool) {
    precondition(a.count == b.count && a.count >= 2 && a.dropLast(2) == b.dropLast(2), "a product of \(a) and \(b)")
    leading = Array(a.dropLast(2))
    let n = a.count
    rows = ta ? a[n - 1] : a[n - 2]
    inner = ta ? a[n - 2] : a[n - 1]
    columns = tb ? b[n - 2] : b[n - 1]
    precondition(inner == (tb ? b[n - 1] : b[n - 2]), "a product of \(a) and \(b)")
  }

  func run(_ a: Tensor, _ ta: Bool, _ b: Tensor, _ tb: Bool, into c: Tensor, accumulate: Bool) {
    a.backend.product(
      MatrixOperand(a, isTransposed: ta, rowStride: a.columnCount, batchStride: rows * inner),
      MatrixOperand(b, isTransposed: tb, rowStride: b.columnCount, batchStride: inner * columns),
      into: MatrixOperand(c, rowStride: columns, batchStride: rows * columns), bias: nil, rows: rows, columns: columns,
      inner: inner, batch: leading.reduce(1, *), accumulate: accumulate)
  }
}
