import Randomness
import TensorCore

// Starting weights, once a run: made on the host by the CPU worker's kernels, so that both start from the same bits.

extension CUDABackend {
  public func fillUniform(_ x: Tensor, from stream: RandomStream, low: Double, high: Double) {
    fillFromHost(x) {
      RandomNumbers.uniform(stream, low: low, high: high, dtype: x.dtype, into: $0, count: x.count)
    }
  }

  public func fillNormal(_ x: Tensor, from stream: RandomStream, deviation: Double) {
    fillFromHost(x) {
      RandomNumbers.normal(stream, deviation: deviation, dtype: x.dtype, into: $0, count: x.count)
    }
  }

  private func fillFromHost(_ x: Tensor, _ make: (UnsafeMutableRawPointer) -> Void) {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: x.byteCount, alignment: 64)
    defer { bytes.deallocate() }
    guard let elements = bytes.baseAddress, !bytes.isEmpty else { return }
    make(elements)
    upload(UnsafeRawBufferPointer(bytes), to: x.storage, byteOffset: x.offset * x.dtype.byteCount)
  }
}
