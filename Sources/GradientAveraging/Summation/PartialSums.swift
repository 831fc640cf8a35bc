import TensorCore

/// The gradients that one rank brings to a step, added up in the order of a binary tree as they come.
///
/// As the digits of a binary counter: after k gradients there is one sum for every 1 among the digits of k, of as many
/// gradients as that digit is worth. So a rank that brings m keeps log₂ m arrays at most, and none where it brings one.
final class PartialSums {
  private let backend: any Backend
  /// The sums of most gradients first.
  private var sums: [Tensor] = []
  /// Memory of sums that others have taken in.
  private var free: [Tensor] = []
  /// Gradients taken in since `empty()`.
  private(set) var count = 0

  init(on backend: any Backend) { self.backend = backend }

  /// Arrays that are in memory.
  var arrayCount: Int { sums.count + free.count }

  /// Takes in one that is not the last; `gradients` may then be written over.
  func add(_ gradients: Tensor) {
    var mergeCount = (~count).trailingZeroBitCount
    count += 1
    guard mergeCount > 0 else {
      let sum = free.popLast() ?? Tensor(uninitialized: gradients.shape, dtype: gradients.dtype, backend: backend)
      backend.copy(gradients, into: sum)
      return sums.append(sum)
    }
    backend.add(sums.last!, gradients, into: sums.last!)
    while mergeCount > 1 {
      let right = sums.removeLast()
      backend.add(sums.last!, right, into: sums.last!)
      free.append(right)
      mergeCount -= 1
    }
  }

  /// `last[range] =` the sums of all, where `last` holds the last gradients.
  func complete(_ last: Tensor, _ range: Range<Int>) {
    for sum in sums.reversed() {
      let part = last.slice(at: range.lowerBound, shape: [range.count])
      backend.add(sum.slice(at: range.lowerBound, shape: [range.count]), part, into: part)
    }
  }

  /// A step is over.
  func empty() {
    free += sums
    sums = []
    count = 0
  }
}
