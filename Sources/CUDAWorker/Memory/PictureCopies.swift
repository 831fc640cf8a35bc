import CNVIDIA
import TensorCore

/// Brings the pictures of batches to the GPU while it computes: the calling thread fills one piece of pinned memory while
/// the one before is copied, on a stream of its own.
///
/// The copy of a batch waits, on the GPU, for the kernels that read the batch whose memory it takes; kernels that read it
/// wait for its copy. So the calling thread waits for nothing but its own pieces.
// @unchecked: `stage` is one thread's at a time; what others give back is under the lock of `memories`.
final class PictureCopies: PictureStaging, @unchecked Sendable {
  private let memories = PictureMemories()
  private unowned let backend: CUDABackend
  private let stream: CUDAStream
  private var pieces: [Piece]
  private var nextPiece = 0
  private let pieceByteCount: Int

  private struct Piece {
    var memory: PinnedMemory
    /// Reached when it has been copied.
    let isCopied: CUDAEvent
  }

  /// - Parameter pieceByteCount: of one copy, long enough for full speed.
  init(_ backend: CUDABackend, pieceByteCount: Int = 16 << 20) {
    self.backend = backend
    self.pieceByteCount = pieceByteCount
    stream = CUDAStream(backend)
    pieces = (0..<2).map { _ in
      Piece(memory: PinnedMemory(byteCount: pieceByteCount, backend: backend), isCopied: CUDAEvent(backend))
    }
  }

  /// Batches for which there is memory on the GPU.
  var memoryCount: Int { memories.count }

  func stage(_ count: Int, byteCount: Int, picture: (Int) -> UnsafeRawBufferPointer) -> any StagedPictures {
    backend.device.makeCurrent()
    let memory = memories.take(count * byteCount, backend)
    stream.wait(for: memory.isRead)
    var number = 0
    while number < count {
      let numbers = number..<min(count, number + max(1, pieceByteCount / byteCount))
      copy(numbers, byteCount, to: memory.storage.pointer, picture)
      number = numbers.upperBound
    }
    memory.hasArrived.record(on: stream)
    return PicturesOnDevice(memory, of: memories, count: count, byteCount: byteCount, backend: backend)
  }

  /// Copies the pictures `numbers` by way of the piece whose turn it is.
  private func copy(
    _ numbers: Range<Int>, _ byteCount: Int, to device: CUdeviceptr, _ picture: (Int) -> UnsafeRawBufferPointer
  ) {
    let turn = nextPiece
    nextPiece = (turn + 1) % pieces.count
    pieces[turn].isCopied.synchronize()
    if pieces[turn].memory.bytes.count < byteCount {
      pieces[turn].memory = PinnedMemory(byteCount: byteCount, backend: backend)
    }
    let bytes = pieces[turn].memory.bytes
    // Memory of the host is short: the failure is kept, and there is nothing to fill.
    guard let base = bytes.baseAddress, bytes.count >= numbers.count * byteCount else { return }
    for (place, number) in numbers.enumerated() {
      let source = picture(number)
      precondition(source.count == byteCount, "a picture of \(source.count) bytes among those of \(byteCount)")
      UnsafeMutableRawBufferPointer(rebasing: bytes[(place * byteCount)..<((place + 1) * byteCount)])
        .copyMemory(from: source)
    }
    stream.copyToDevice(
      device + CUdeviceptr(numbers.lowerBound * byteCount), from: base, byteCount: numbers.count * byteCount)
    pieces[turn].isCopied.record(on: stream)
  }
}
