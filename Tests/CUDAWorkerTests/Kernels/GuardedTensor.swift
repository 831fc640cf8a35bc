import TensorCore
import Testing

@testable import CUDAWorker

/// A tensor on the emulated GPU that begins at any element of its storage, between elements that no kernel may touch.
struct GuardedTensor {
  let tensor: Tensor
  private let whole: Tensor
  private let offset: Int
  private static let behind = 40

  /// - Parameter values: not numbers where nil, as in a result that is still to come.
  init(_ values: [Double]? = nil, shape: [Int], dtype: DType, offset: Int = 0) {
    let count = shape.reduce(1, *)
    let inside = values ?? [Double](repeating: .nan, count: count)
    let guards = { [Double](repeating: 7, count: $0) }
    self.offset = offset
    whole = EmulatedGPU.tensor(guards(offset) + inside + guards(GuardedTensor.behind), dtype: dtype)
    tensor = Tensor(shape: shape, dtype: dtype, backend: whole.backend, storage: whole.storage, offset: offset)
  }

  /// The elements, where those around them are as they were.
  func doubles(sourceLocation: SourceLocation = #_sourceLocation) -> [Double] {
    let all = whole.doubles()
    let isWhole = all.prefix(offset).allSatisfy { $0 == 7 } && all.suffix(GuardedTensor.behind).allSatisfy { $0 == 7 }
    #expect(isWhole, "elements around \(tensor) at \(offset) have changed", sourceLocation: sourceLocation)
    return tensor.doubles()
  }
}
