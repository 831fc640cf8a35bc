import Glibc
import Randomness
import TensorCore
import Testing

@testable import CUDAWorker

/// Pictures on their way to the GPU, against those that the CPU worker reads where they are.
@Suite struct PictureStagingTests {
  private static let (size, patch) = (16, 8)
  private static var byteCount: Int { PixelLayout.yuv420.pictureByteCount(size: size) }

  static func pictures(_ count: Int, seed: UInt64) -> [[UInt8]] {
    var stream = RandomStream(seed: seed, "pictures")
    return (0..<count).map { _ in (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: stream.next()) } }
  }

  static func stage(_ pictures: [[UInt8]], _ copies: PictureCopies) -> any StagedPictures {
    let bytes = pictures.flatMap { $0 }
    return bytes.withUnsafeBytes { all in
      copies.stage(pictures.count, byteCount: byteCount) {
        UnsafeRawBufferPointer(rebasing: all[($0 * byteCount)..<(($0 + 1) * byteCount)])
      }
    }
  }

  static func patches(_ staged: any StagedPictures, _ range: Range<Int>, _ backend: CUDABackend) -> Tensor {
    Tensor.patches(
      of: staged, range, layout: .yuv420, size: size, patch: patch, mean: [0.5, 0.4, 0.3], deviation: [0.2, 0.3, 0.4],
      dtype: .float32, backend: backend)
  }

  static func expected(_ pictures: [[UInt8]]) -> [Float] {
    Tensor.patches(
      of: pictures, layout: .yuv420, size: size, patch: patch, mean: [0.5, 0.4, 0.3], deviation: [0.2, 0.3, 0.4],
      dtype: .float32, backend: CPUBackend()
    ).floats()
  }

  static func areNear(_ x: [Float], _ y: [Float]) -> Bool {
    x.count == y.count && zip(x, y).allSatisfy { abs($0 - $1) < 1e-5 }
  }

  @Test func theCPUReadsPicturesWhereTheyAre() { #expect(CPUBackend().makePictureStaging() == nil) }

  /// Pieces of two pictures and a half: some copies are of two pictures, the last of one.
  @Test(arguments: [0, 1, 2, 7]) func whatArrivesIsWhatWasSent(count: Int) throws {
    try EmulatedGPU.run { backend in
      let copies = PictureCopies(backend, pieceByteCount: Self.byteCount * 5 / 2)
      let pictures = Self.pictures(count, seed: UInt64(count))
      let staged = Self.stage(pictures, copies)
      #expect(staged.count == count)
      #expect(Self.areNear(Self.patches(staged, 0..<count, backend).floats(), Self.expected(pictures)))
      let part = (count / 3)..<(count - count / 3)
      #expect(Self.areNear(Self.patches(staged, part, backend).floats(), Self.expected(Array(pictures[part]))))
    }
  }

  @Test func aPictureLargerThanAPieceArrivesToo() throws {
    try EmulatedGPU.run { backend in
      let copies = PictureCopies(backend, pieceByteCount: 100)
      let pictures = Self.pictures(3, seed: 9)
      let staged = Self.stage(pictures, copies)
      #expect(Self.areNear(Self.patches(staged, 0..<3, backend).floats(), Self.expected(pictures)))
    }
  }

  /// One batch is read while the next one is on its way: a third takes the memory of the first, once that is let go.
  @Test func twoMemoriesServeARunOfBatches() throws {
    try EmulatedGPU.run { backend in
      let copies = PictureCopies(backend)
      var held: (any StagedPictures)?
      for step in 0..<9 {
        let staged = Self.stage(Self.pictures(3 + step % 2, seed: UInt64(step)), copies)
        _ = Self.patches(staged, 0..<2, backend)
        held = staged
      }
      withExtendedLifetime(held) {}
      #expect(copies.memoryCount == 2)
    }
  }

  /// Work waits on this GPU until somebody waits for it, and streams run as far ahead of each other as they may.
  @Test func batchesAreNotOverwrittenBeforeTheyAreRead() async {
    _ = EmulatedGPU.libraries
    await #expect(processExitsWith: .success) {
      setenv("SGMN_EMULATOR_DEFER", "1", 1)
      _ = EmulatedGPU.libraries
      let backend = try CUDABackend(EmulatedGPU.device())
      let copies = PictureCopies(backend, pieceByteCount: PictureStagingTests.byteCount * 2)
      var results: [(Tensor, [Float])] = []
      var held: (any StagedPictures)?
      for step in 0..<6 {
        let pictures = PictureStagingTests.pictures(5, seed: UInt64(step))
        let staged = PictureStagingTests.stage(pictures, copies)
        results.append(
          (PictureStagingTests.patches(staged, 0..<5, backend), PictureStagingTests.expected(pictures)))
        held = staged
      }
      for (result, expected) in results { precondition(PictureStagingTests.areNear(result.floats(), expected)) }
      try backend.throwIfFailed()
      withExtendedLifetime(held) {}
    }
  }
}
