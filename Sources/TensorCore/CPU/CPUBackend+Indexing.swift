import CVectorKernels

extension CPUBackend {
  public func gatherRows(of x: Tensor, at indices: IndexTensor, into result: Tensor) {
    vk_gather_rows(x.dtype.anyCode, x.raw, indices.pointer, result.raw, indices.count, x.columnCount)
  }

  public func scatterAddRows(of dy: Tensor, at indices: IndexTensor, to dx: Tensor) {
    vk_scatter_add_rows(dy.dtype.anyCode, dy.raw, indices.pointer, dx.raw, indices.count, dy.columnCount)
  }

  public func gatherColumns(of x: Tensor, at indices: IndexTensor, into result: Tensor) {
    vk_gather_last(
      x.dtype.code, x.raw, indices.pointer, result.raw, x.rowCount, x.columnCount, indices.count / max(1, x.rowCount))
  }

  public func scatterAddColumns(of dy: Tensor, at indices: IndexTensor, to dx: Tensor) {
    vk_scatter_add_last(
      dx.dtype.code, dy.raw, indices.pointer, dx.raw, dx.rowCount, dx.columnCount,
      indices.count / max(1, dx.rowCount))
  }

  public func sortRows(_ x: Tensor, into values: Tensor, indices: IndexTensor) {
    let picks = indices.count / max(1, x.rowCount)
    let status = vk_sort_rows(
      x.dtype.code, x.raw, values.raw, indices.pointer, x.rowCount, x.columnCount, picks)
    precondition(status == 0, "out of memory while sorting rows of \(x.columnCount)")
  }

  public func patches(
    of bytes: UnsafeBufferPointer<UInt8>, images: Int, size: Int, patch: Int, mean: [Double], deviation: [Double],
    into result: Tensor
  ) {
    guard let base = bytes.baseAddress else { return }
    vk_patches(result.dtype.code, base, result.raw, images, size, patch, mean, deviation)
  }
}
