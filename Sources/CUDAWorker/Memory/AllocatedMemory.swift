import CNVIDIA

/// Memory in separate ranges, for GPUs without virtual memory.
final class AllocatedMemory: MemorySource {
  private let device: CUDADevice
  private var ranges: [CUdeviceptr] = []
  private(set) var byteCount = 0

  init(_ device: CUDADevice) { self.device = device }

  var cardText: String { device.memoryText }

  deinit {
    device.makeCurrent()
    for range in ranges { _ = device.functions.pointee.memory_free(range) }
  }

  func grow(by wanted: Int, after last: Extent?) -> Extent? {
    device.makeCurrent()
    for size in [max(wanted, MappedMemory.chunkByteCount), wanted] {
      // Some bytes stay unused at the end: no block shall lie across two ranges that happen to touch.
      let allocated = size + DeviceMemory.alignment
      var range: CUdeviceptr = 0
      guard device.functions.pointee.memory_allocate(&range, allocated) == 0 else { continue }
      ranges.append(range)
      byteCount += allocated
      return Extent(start: UInt(range), byteCount: size)
    }
    return nil
  }
}
