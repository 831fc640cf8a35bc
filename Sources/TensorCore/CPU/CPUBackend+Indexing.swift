import CVectorKernels

extension CPUBackend {
  public func gatherRows(of x: Tensor, at indices: IndexTensor, into result: Tensor) {
    let width = x.columnCount
    shareRows(indices.count, width: width) {
      vk_gather_rows(x.dtype.anyCode, x.raw, indices.pointer + $0, result.raw(at: $0 * width), $1, width)
    }
  }

  public func scatterAddRows(of dy: Tensor, at indices: IndexTensor, to dx: Tensor) {
    let width = dy.columnCount
    // Rows may meet in one, so each thread has rows of dx to itself and takes what is added to them in its order.
    let perRow = max(1, indices.count / max(1, dx.rowCount))
    shareRows(dx.rowCount, width: perRow * width) { first, count in
      let own = first..<first + count
      var index = 0
      while index < indices.count {
        let begin = index
        while index < indices.count, own.contains(Int(indices.pointer[index])) { index += 1 }
        if index > begin {
          vk_scatter_add_rows(
            dy.dtype.anyCode, dy.raw(at: begin * width), indices.pointer + begin, dx.raw, index - begin, width)
        } else {
          index += 1
        }
      }
    }
  }

  public func gatherColumns(of x: Tensor, at indices: IndexTensor, into result: Tensor) {
    let (width, picks) = (x.columnCount, indices.count / max(1, x.rowCount))
    shareRows(x.rowCount, width: picks) {
      vk_gather_last(
        x.dtype.code, x.raw(at: $0 * width), indices.pointer + $0 * picks, result.raw(at: $0 * picks), $1, width, picks)
    }
  }

  public func scatterAddColumns(of dy: Tensor, at indices: IndexTensor, to dx: Tensor) {
    let (width, picks) = (dx.columnCount, indices.count / max(1, dx.rowCount))
    shareRows(dx.rowCount, width: picks) {
      vk_scatter_add_last(
        dx.dtype.code, dy.raw(at: $0 * picks), indices.pointer + $0 * picks, dx.raw(at: $0 * width), $1, width, picks)
    }
  }

  public func sortRows(_ x: Tensor, into values: Tensor, indices: IndexTensor) {
    let (width, picks) = (x.columnCount, indices.count / max(1, x.rowCount))
    shareRows(x.rowCount, width: 8 * width) {
      let status = vk_sort_rows(
        x.dtype.code, x.raw(at: $0 * width), values.raw(at: $0 * picks), indices.pointer + $0 * picks, $1, width, picks)
      precondition(status == 0, "out of memory while sorting rows of \(width)")
    }
  }
}
