import CNVIDIA
import TensorCore

/// Memory of a GPU. It may be given to the next tensor as soon as it is free: kernels of the compute stream run in
/// order. Who uses it on another stream keeps it alive until that stream is done.
final class DeviceStorage: Storage, @unchecked Sendable {
  /// At a multiple of 256 bytes; 0 where there are no bytes, and after a failure, when nothing reads or writes it.
  let pointer: CUdeviceptr
  let byteCount: Int
  private let memory: DeviceMemory

  convenience init(byteCount: Int, backend: CUDABackend) { self.init(byteCount: byteCount, of: backend.memory) }

  init(byteCount: Int, of memory: DeviceMemory) {
    self.byteCount = byteCount
    self.memory = memory
    pointer = memory.take(byteCount)
  }

  deinit { memory.give(pointer, byteCount) }
}

extension Tensor {
  /// Where the elements begin, on the GPU.
  var device: CUdeviceptr {
    unsafeDowncast(storage, to: DeviceStorage.self).pointer + CUdeviceptr(offset * dtype.byteCount)
  }
}

extension IndexTensor {
  var device: CUdeviceptr { unsafeDowncast(storage, to: DeviceStorage.self).pointer }
}
