import CVectorKernels
import Randomness

/// The numbers of random streams as they stand in a tensor, float32 or float64: computed on the host for every backend,
/// so that a model starts from the same bits on each.
package enum RandomNumbers {
  /// low + (high − low)·u for the uniform numbers u of a fresh stream, from number `first` on, an even one.
  package static func uniform(
    _ stream: RandomStream, from first: Int = 0, low: Double, high: Double, dtype: DType,
    into elements: UnsafeMutableRawPointer, count: Int
  ) {
    vk_random_uniform(dtype.code, stream.key, stream.identity, first, low, high, elements, count)
  }

  /// The normal numbers of a fresh stream, times `deviation`, from number `first` on.
  package static func normal(
    _ stream: RandomStream, from first: Int = 0, deviation: Double, dtype: DType,
    into elements: UnsafeMutableRawPointer, count: Int
  ) {
    vk_random_normal(dtype.code, stream.key, stream.identity, first, deviation, elements, count)
  }
}
