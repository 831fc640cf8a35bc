import CNVIDIA
import TensorCore

extension CUDABackend {
  public func allocate(byteCount: Int) -> any Storage { DeviceStorage(byteCount: byteCount, backend: self) }

  /// Returns before the bytes are on the GPU; they may change all the same.
  public func upload(_ bytes: UnsafeRawBufferPointer, to storage: any Storage, byteOffset: Int) {
    precondition(byteOffset >= 0 && byteOffset + bytes.count <= storage.byteCount, "an upload beyond its storage")
    if bytes.isEmpty || failures.hasFailed { return }
    let target = unsafeDowncast(storage, to: DeviceStorage.self).pointer + CUdeviceptr(byteOffset)
    uploads.upload(bytes, to: target) { target, staged, byteCount in
      if let groups, byteCount <= CUDABackend.smallCopyByteCount {
        groups.addCopy(to: target, from: staged, byteCount: byteCount)
      } else {
        stream.copyToDevice(target, from: staged, byteCount: byteCount)
      }
    }
  }

  /// After a failure the bytes are zeros: who acts on them asks `throwIfFailed` first.
  public func download(_ storage: any Storage, byteOffset: Int, to bytes: UnsafeMutableRawBufferPointer) {
    precondition(byteOffset >= 0 && byteOffset + bytes.count <= storage.byteCount, "a download beyond its storage")
    if bytes.isEmpty { return }
    if !failures.hasFailed {
      downloads.download(unsafeDowncast(storage, to: DeviceStorage.self).pointer + CUdeviceptr(byteOffset), to: bytes)
    }
    noteSynchronization()
    if failures.hasFailed { bytes.initializeMemory(as: UInt8.self, repeating: 0) }
  }

  public func synchronize() {
    stream.synchronize()
    noteSynchronization()
  }
}
