// Largest and sorted elements of every row. A gradient goes to the elements that were picked.

extension Tensor {
  /// The `picks` largest of every row in descending order and their columns; equal values in the order of columns.
  public func top(_ picks: Int) -> (values: Tensor, indices: IndexTensor) {
    precondition(picks <= columnCount, "the \(picks) largest of \(columnCount)")
    let x = variable
    let values = Tensor(like: x, shape: shape.dropLast() + [picks])
    let indices = IndexTensor(uninitialized: rowCount * picks, backend: backend)
    backend.sortRows(self, into: values, indices: indices)
    let tracked = values.record(from: x) { dy, gradients in
      gradients.addInPlace(to: x) { x.backend.scatterAddColumns(of: dy, at: indices, to: $0) }
    }
    return (tracked, indices)
  }

  /// Every row in descending order.
  public func sortedDescending() -> (values: Tensor, indices: IndexTensor) { top(columnCount) }

  /// The largest of every row: (…, columns) -> (…).
  public func rowMaximum() -> Tensor { top(1).values.reshaped(Array(shape.dropLast())) }
}
