import CNVIDIA
import TensorCore

/// The pictures of a batch in memory of the GPU, or on their way there.
final class PicturesOnDevice: StagedPictures {
  let count: Int
  private let byteCount: Int
  private let memory: PictureMemory
  private let memories: PictureMemories
  private let backend: CUDABackend

  init(_ memory: PictureMemory, of memories: PictureMemories, count: Int, byteCount: Int, backend: CUDABackend) {
    (self.memory, self.memories, self.backend) = (memory, memories, backend)
    (self.count, self.byteCount) = (count, byteCount)
  }

  deinit {
    memory.isRead.record(on: backend.stream)
    memories.giveBack(memory)
  }

  func patches(
    _ range: Range<Int>, layout: PixelLayout, size: Int, patch: Int, mean: [Double], deviation: [Double],
    into result: Tensor
  ) {
    precondition(layout.pictureByteCount(size: size) == byteCount, "pictures of \(byteCount) bytes are not \(size)²")
    backend.stream.wait(for: memory.hasArrived)
    backend.patches(
      ofDevice: memory.storage.pointer + CUdeviceptr(range.lowerBound * byteCount), layout: layout,
      images: range.count, size: size, patch: patch, mean: mean, deviation: deviation, into: result)
  }
}
