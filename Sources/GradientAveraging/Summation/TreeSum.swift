import CVectorKernels

/// Sums in the order of a binary tree: neighbours first, then neighbouring pairs, and so on.
enum TreeSum {
  /// Elements that are summed before the next are looked at: those of all parts fit into a cache.
  private static let blockCount = 1_024

  /// `sums[i] = ((p₀[i] + p₁[i]) + (p₂[i] + p₃[i])) + …` of parts that begin `stride` elements apart. Writes over the
  /// parts; `sums` lies beside them.
  ///
  /// - Parameter partCount: a power of two.
  static func add(
    _ parts: UnsafeMutablePointer<Float>, stride: Int, partCount: Int, length: Int,
    into sums: UnsafeMutablePointer<Float>
  ) {
    precondition(isPowerOfTwo(partCount) && stride >= length, "\(partCount) parts of \(length), \(stride) apart")
    guard partCount > 1 else { return sums.update(from: parts, count: length) }
    for start in Swift.stride(from: 0, to: length, by: blockCount) {
      let count = min(blockCount, length - start)
      var distance = 1
      while distance < partCount {
        let isLast = 2 * distance == partCount
        for number in Swift.stride(from: 0, to: partCount, by: 2 * distance) {
          let left = parts + number * stride + start
          vk_add(
            Int32(VK_FLOAT32), left, parts + (number + distance) * stride + start, isLast ? sums + start : left, count)
        }
        distance *= 2
      }
    }
  }
}

/// Whether `count` is 1, 2, 4, 8, ….
func isPowerOfTwo(_ count: Int) -> Bool { count > 0 && count & (count - 1) == 0 }
