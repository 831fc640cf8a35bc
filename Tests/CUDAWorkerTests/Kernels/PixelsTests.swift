import CNVIDIA
import Randomness
import TensorCore
import Testing

@testable import CUDAWorker

/// Patches of pictures, against the CPU worker: the very bytes of red, green and blue, in every format.
@Suite struct PixelsTests {
  /// Side and patch, with pictures: vectors, widths that have none, more places in a patch than threads in a block.
  static let sizes: [(images: Int, size: Int, patch: Int)] = [
    (1, 224, 32), (1, 224, 16), (3, 64, 16), (2, 40, 8), (1, 1, 1), (2, 2, 1), (3, 7, 3), (1, 7, 7), (2, 9, 3),
    (2, 33, 11), (2, 33, 33), (2, 70, 32), (1, 20, 4), (1, 22, 2), (2, 5, 8),
  ]
  /// Mean and deviation: those that leave bytes as they are, which every format can tell apart, and CLIP's.
  private static let normalizations = [
    (mean: [0.0, 0, 0], deviation: [1 / 255.0, 1 / 255.0, 1 / 255.0]),
    (mean: [0.48, 0.45, 0.4], deviation: [0.27, 0.26, 0.28]),
  ]

  private func bytes(_ layout: PixelLayout, images: Int, size: Int) -> [UInt8] {
    var stream = RandomStream(seed: 1, "pictures", images, size)
    return (0..<images * layout.pictureByteCount(size: size)).map { _ in
      // Often at the ends of the range, where colours are cut off.
      let number = stream.uniform() * 2 - 0.5
      return UInt8(min(max(number * 256, 0), 255))
    }
  }

  @Test(arguments: [PixelLayout.rgb, .yuv420], sizes)
  func arePatchesOfTheCPU(layout: PixelLayout, shape: (images: Int, size: Int, patch: Int)) throws {
    let (images, size, patch) = shape
    let bytes = bytes(layout, images: images, size: size)
    let grid = size / patch
    let resultShape = [images * grid * grid, 3 * patch * patch]
    try EmulatedGPU.run { gpu in
      for dtype in ElementwiseTests.formats {
        for (mean, deviation) in Self.normalizations {
          let expected = KernelInput.hostResult(resultShape, dtype: dtype)
          let result = GuardedTensor(shape: resultShape, dtype: dtype)
          let unaligned = GuardedTensor(shape: resultShape, dtype: dtype, offset: 3)
          bytes.withUnsafeBufferPointer {
            KernelInput.cpu.patches(
              of: $0, layout: layout, images: images, size: size, patch: patch, mean: mean, deviation: deviation,
              into: expected)
            gpu.patches(
              of: $0, layout: layout, images: images, size: size, patch: patch, mean: mean, deviation: deviation,
              into: result.tensor)
          }
          let pictures = gpu.scratch(byteCount: bytes.count + 1)
          bytes.withUnsafeBytes { gpu.upload($0, to: pictures, byteOffset: 1) }
          gpu.patches(
            ofDevice: pictures.pointer + 1, layout: layout, images: images, size: size, patch: patch, mean: mean,
            deviation: deviation, into: unaligned.tensor)
          let (actual, reference) = (result.doubles(), expected.doubles())
          // What is left between two formulas of the same byte: the rounding of the last place.
          let tolerance = mean[0] == 0 || dtype != .bfloat16 ? 1e-6 : 0.016
          #expect(zip(actual, reference).allSatisfy { abs($0 - $1) <= tolerance }, "\(dtype), mean \(mean)")
          expectSame(unaligned.doubles(), actual, "\(dtype), unaligned")
        }
      }
    }
  }
}
