final class CPUStorage: Storage, @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  let byteCount: Int
  private let block: UnsafeMutableRawBufferPointer
  private let pool: BufferPool

  init(byteCount: Int, pool: BufferPool) {
    self.byteCount = byteCount
    self.pool = pool
    block = pool.take(byteCount)
    pointer = block.baseAddress!
  }

  deinit { pool.give(block) }
}
