import CNVIDIA
import TensorCore

/// Where the memory of `DeviceMemory` comes from. Used under its lock.
protocol MemorySource: AnyObject {
  typealias Extent = FreeExtents.Extent

  /// Bytes taken from the GPU and not given back.
  var byteCount: Int { get }
  /// The card, and what is free on it.
  var cardText: String { get }

  /// Takes memory so that there is a free piece of `byteCount` bytes, together with `last`, the free piece with the
  /// highest addresses, where it lies right before. The new piece; nil where the GPU has none.
  func grow(by byteCount: Int, after last: Extent?) -> Extent?

  /// Makes a free piece of `byteCount` bytes out of memory behind free ones: those that are gone, and the new one,
  /// which is missing where the driver fails. nil where there is too little, and then nothing has changed.
  ///
  /// - Parameter wait: returns when no work uses the free pieces.
  func gather(_ byteCount: Int, from free: [Extent], whenIdle wait: () -> Void) -> (gone: [Extent], fresh: Extent?)?
}

extension MemorySource {
  func gather(_ byteCount: Int, from free: [Extent], whenIdle wait: () -> Void) -> (gone: [Extent], fresh: Extent?)? {
    nil
  }
}

extension CUDADevice {
  /// `GPU 0, NVIDIA H100, has 1.50 GiB free of 79.10 GiB`
  var memoryText: String {
    var (free, total) = (0, 0)
    makeCurrent()
    guard functions.pointee.memory_info(&free, &total) == 0 else { return "GPU \(ordinal), \(name)" }
    return "GPU \(ordinal), \(name), has \(ByteText(free)) free of \(ByteText(total))"
  }
}
