/// A view of a storage, as the pickle describes it: nothing of it is checked yet beside that no number is negative.
struct TorchTensor: Sendable, Equatable {
  var storage: TorchStorage
  var type: TorchElementType
  /// Elements before the first one.
  var offset: Int
  var shape: [Int]
  /// Elements from one index to the next, of each dimension.
  var strides: [Int]

  /// The greatest number of dimensions: PyTorch's own limit.
  static let dimensionLimit = 64

  /// How many elements it has, and the range of the storage's elements that they lie in; nil where these are more than an
  /// `Int` can count.
  var extent: (count: Int, range: Range<Int>)? {
    if shape.contains(0) { return (0, offset..<offset) }
    var (count, last) = (1, offset)
    for (size, stride) in zip(shape, strides) {
      let product = count.multipliedReportingOverflow(by: size)
      let step = (size - 1).multipliedReportingOverflow(by: stride)
      let sum = last.addingReportingOverflow(step.partialValue)
      guard !product.overflow, !step.overflow, !sum.overflow else { return nil }
      (count, last) = (product.partialValue, sum.partialValue)
    }
    guard last < Int.max else { return nil }
    return (count, offset..<last + 1)
  }

  /// Whether the elements follow each other in row-major order.
  var isContiguous: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      guard stride == expected else { return false }
      expected = expected &* size
    }
    return true
  }
}
