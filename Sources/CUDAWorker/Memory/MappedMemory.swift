import CNVIDIA
import TensorCore

/// Memory of a GPU behind addresses that this process chooses
/// (https://docs.nvidia.com/cuda/cuda-driver-api/, virtual memory management).
///
/// There are several times as many addresses as the card has memory. Memory comes in chunks; a chunk that no block lies
/// in can be moved behind other addresses.
final class MappedMemory: MemorySource {
  /// What is taken at once: small against a card, large against the price of a call.
  static let chunkByteCount = 64 << 20
  private static let addressesPerByte = 4
  /// Left to the driver, which needs some for every file of kernels that it loads later.
  static let spareByteCount = 128 << 20

  private struct Chunk {
    var extent: Extent
    let memory: CUmemGenericAllocationHandle
  }

  private let device: CUDADevice
  private let range: (start: CUdeviceptr, byteCount: Int)
  private let granularity: Int
  private var properties: CUmemAllocationProp
  /// Addresses without memory.
  private var unmapped = FreeExtents()
  private var chunks: [Chunk] = []

  /// nil where the GPU or its driver has no virtual memory.
  init?(_ device: CUDADevice) {
    guard device.hasVirtualMemory else { return nil }
    self.device = device
    device.makeCurrent()
    properties = CUmemAllocationProp()
    properties.type = Int32(nvidia_memory_pinned)
    properties.location = CUmemLocation(type: Int32(nvidia_location_device), id: device.handle)
    let (functions, option) = (device.functions.pointee, Int32(nvidia_granularity_recommended))
    var granularity = 0
    guard functions.memory_granularity(&granularity, &properties, option) == 0, granularity > 0 else { return nil }
    self.granularity = granularity
    let unit = max(MappedMemory.chunkByteCount, granularity)
    let byteCount = (device.memoryByteCount + unit - 1) / unit * unit * MappedMemory.addressesPerByte
    var start: CUdeviceptr = 0
    guard functions.address_reserve(&start, byteCount, 0, 0, 0) == 0 else { return nil }
    range = (start, byteCount)
    unmapped.give(UInt(start), byteCount)
  }

  deinit {
    device.makeCurrent()
    for chunk in chunks { remove(chunk) }
    _ = device.functions.pointee.address_free(range.start, range.byteCount)
  }

  var byteCount: Int { chunks.reduce(0) { $0 + $1.extent.byteCount } }
  var cardText: String { device.memoryText }

  func grow(by wanted: Int, after last: Extent?) -> Extent? {
    guard let place = place(for: wanted, after: last) else { return nil }
    device.makeCurrent()
    let comfortable = roundedUp(place.missing, MappedMemory.chunkByteCount)
    for size in [comfortable, place.missing] where size <= place.room {
      if let memory = create(size) { return map(memory, at: place.start) }
    }
    return nil
  }

  func gather(_ wanted: Int, from free: [Extent], whenIdle wait: () -> Void) -> (gone: [Extent], fresh: Extent?)? {
    guard let place = place(for: wanted, after: free.last) else { return nil }
    device.makeCurrent()
    // What the new piece continues stays where it is.
    let usable = free.last?.end == place.start ? free.dropLast() : free[...]
    let moving = chunks(within: usable, of: place.missing)
    let moved = moving.reduce(0) { $0 + $1.extent.byteCount }
    let rest = roundedUp(max(0, place.missing - moved), granularity)
    guard moved + rest <= place.room, let fresh = create(rest) else { return nil }
    wait()
    for chunk in moving {
      _ = device.functions.pointee.memory_unmap(CUdeviceptr(chunk.extent.start), chunk.extent.byteCount)
      unmapped.give(chunk.extent.start, chunk.extent.byteCount)
    }
    let gone = Set(moving.map(\.extent.start))
    chunks.removeAll { gone.contains($0.extent.start) }
    let memory = moving.map { ($0.memory, $0.extent.byteCount) } + fresh
    return (moving.map(\.extent), map(memory, at: place.start))
  }

  /// Where new memory for a block goes: how much is missing there, and how much there is room for. Right behind the last
  /// free piece where that leaves less to take.
  private func place(for wanted: Int, after last: Extent?) -> (start: UInt, missing: Int, room: Int)? {
    if let last, let hole = unmapped.extents.first(where: { $0.start == last.end }) {
      let missing = roundedUp(wanted - last.byteCount, granularity)
      if missing <= hole.byteCount { return (hole.start, missing, hole.byteCount) }
    }
    let missing = roundedUp(wanted, granularity)
    let fitting = unmapped.extents.filter { $0.byteCount >= missing }
    guard let hole = fitting.min(by: { $0.byteCount < $1.byteCount }) else { return nil }
    return (hole.start, missing, hole.byteCount)
  }

  /// Chunks that lie in free extents, of so many bytes together or of all that there are.
  private func chunks(within free: ArraySlice<Extent>, of byteCount: Int) -> [Chunk] {
    var (found, rest): ([Chunk], Int) = ([], byteCount)
    for chunk in chunks where rest > 0 {
      let extent = chunk.extent
      guard free.contains(where: { $0.start <= extent.start && extent.end <= $0.end }) else { continue }
      found.append(chunk)
      rest -= extent.byteCount
    }
    return found
  }

  /// Memory without an address, all of it or nothing.
  private func create(_ byteCount: Int) -> [(memory: CUmemGenericAllocationHandle, byteCount: Int)]? {
    if byteCount == 0 { return [] }
    var (free, total) = (0, 0)
    let known = device.functions.pointee.memory_info(&free, &total) == 0
    guard known, free >= byteCount + MappedMemory.spareByteCount else { return nil }
    var (created, rest): ([(memory: CUmemGenericAllocationHandle, byteCount: Int)], Int) = ([], byteCount)
    while rest > 0 {
      let size = min(rest, roundedUp(MappedMemory.chunkByteCount, granularity))
      var memory: CUmemGenericAllocationHandle = 0
      guard device.functions.pointee.memory_create(&memory, size, &properties, 0) == 0 else {
        for piece in created { _ = device.functions.pointee.memory_release(piece.memory) }
        return nil
      }
      created.append((memory, size))
      rest -= size
    }
    return created
  }

  /// The extent that has the memory then; nil, and the memory given back, where the driver refuses.
  private func map(
    _ memory: [(memory: CUmemGenericAllocationHandle, byteCount: Int)], at start: UInt
  ) -> Extent? {
    let functions = device.functions.pointee
    let whole = Extent(start: start, byteCount: memory.reduce(0) { $0 + $1.byteCount })
    var (mapped, next): ([Chunk], UInt) = ([], start)
    var isMapped = true
    for piece in memory where isMapped {
      isMapped = functions.memory_map(CUdeviceptr(next), piece.byteCount, 0, piece.memory, 0) == 0
      if isMapped {
        mapped.append(Chunk(extent: Extent(start: next, byteCount: piece.byteCount), memory: piece.memory))
      }
      next += UInt(piece.byteCount)
    }
    var access = CUmemAccessDesc(location: properties.location, flags: Int32(nvidia_access_read_write))
    guard isMapped, functions.memory_set_access(CUdeviceptr(start), whole.byteCount, &access, 1) == 0 else {
      for chunk in mapped { remove(chunk) }
      for piece in memory.dropFirst(mapped.count) { _ = functions.memory_release(piece.memory) }
      return nil
    }
    unmapped.take(at: start, whole.byteCount)
    chunks += mapped
    return whole
  }

  private func remove(_ chunk: Chunk) {
    _ = device.functions.pointee.memory_unmap(CUdeviceptr(chunk.extent.start), chunk.extent.byteCount)
    _ = device.functions.pointee.memory_release(chunk.memory)
  }

  private func roundedUp(_ byteCount: Int, _ step: Int) -> Int { (byteCount + step - 1) / step * step }
}
