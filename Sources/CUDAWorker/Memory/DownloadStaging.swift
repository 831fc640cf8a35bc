import CNVIDIA
import Synchronization

/// Two pinned buffers through which numbers come back from the GPU: while one is copied out, the other is filled.
// @unchecked: used under the lock alone.
final class DownloadStaging: @unchecked Sendable {
  private let buffers: [(memory: PinnedMemory, mark: CUDAEvent)]
  private let stream: CUDAStream
  private let pieceByteCount: Int
  private let lock = Mutex<Void>(())

  init(_ device: CUDADevice, _ failures: FailureRecord, stream: CUDAStream, pieceByteCount: Int = 4 << 20) {
    self.stream = stream
    self.pieceByteCount = pieceByteCount
    buffers = (0..<2).map { _ in
      (PinnedMemory(byteCount: pieceByteCount, device, failures), CUDAEvent(device, failures))
    }
  }

  /// Waits for all that the stream has to do, and copies bytes of the GPU.
  func download(_ source: CUdeviceptr, to bytes: UnsafeMutableRawBufferPointer) {
    lock.withLock { _ in
      let pieces = (bytes.count + pieceByteCount - 1) / pieceByteCount
      func range(_ piece: Int) -> Range<Int> {
        piece * pieceByteCount..<min((piece + 1) * pieceByteCount, bytes.count)
      }
      for piece in 0...pieces {
        if piece < pieces {
          let (buffer, range) = (buffers[piece % 2], range(piece))
          stream.copyToHost(
            buffer.memory.bytes.baseAddress!, from: source + CUdeviceptr(range.lowerBound), byteCount: range.count)
          buffer.mark.record(on: stream)
        }
        if piece > 0 {
          let (buffer, range) = (buffers[(piece - 1) % 2], range(piece - 1))
          buffer.mark.synchronize()
          (bytes.baseAddress! + range.lowerBound).copyMemory(
            from: buffer.memory.bytes.baseAddress!, byteCount: range.count)
        }
      }
    }
  }
}
