import Randomness
import TensorCore
import Testing

@testable import CUDAWorker

@Suite struct MappedMemoryTests {
  private static let block = 96 << 20

  /// The rest of the card is with the backend that other tests share.
  private func freeByteCount(_ backend: CUDABackend) -> Int {
    var (free, total) = (0, 0)
    _ = backend.device.functions.pointee.memory_info(&free, &total)
    return free
  }

  /// The emulated card full of blocks, of which every other one is free again.
  private func fragmented(_ backend: CUDABackend) -> [DeviceStorage] {
    var blocks: [DeviceStorage?] = []
    while freeByteCount(backend) > MappedMemory.spareByteCount + 2 * MappedMemoryTests.block {
      blocks.append(backend.scratch(byteCount: MappedMemoryTests.block))
    }
    for index in blocks.indices where index % 2 == 0 { blocks[index] = nil }
    return blocks.compactMap { $0 }
  }

  /// Half of the card is free, in pieces of 96 MiB; a block of a quarter of the card fits, and what is live stays as it is.
  @Test func piecesAreGathered() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      let kept = fragmented(backend)
      for (index, storage) in kept.enumerated() {
        backend.stream.setBytes(storage.pointer, to: UInt8(index + 1), byteCount: 4096)
      }
      let reserved = backend.reservedByteCount
      let quarter = backend.device.memoryByteCount / 4
      var large: DeviceStorage? = backend.scratch(byteCount: quarter)
      try backend.throwIfFailed()
      #expect(large!.pointer != 0 && backend.reservedByteCount <= backend.device.memoryByteCount)
      #expect(backend.reservedByteCount - reserved < MappedMemoryTests.block)
      for place in [0, quarter - 4096] {
        backend.stream.setBytes(large!.pointer + UInt64(place), to: 0xEE, byteCount: 4096)
      }
      for (index, storage) in kept.enumerated() {
        let bytes = Tensor(shape: [4], dtype: .float32, backend: backend, storage: storage, offset: 0).elementBytes
        #expect(bytes == Array(repeating: UInt8(index + 1), count: 16))
      }
      large = nil
      #expect(backend.scratch(byteCount: quarter).pointer != 0)
      try backend.throwIfFailed()
    }
  }

  /// Memory that is free, but still written by work that waits, moves only after it.
  @Test func workIsWaitedFor() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      let kept = fragmented(backend)
      var pieces = (0..<4).map { _ in Optional(backend.scratch(byteCount: MappedMemoryTests.block)) }
      for index in pieces.indices {
        backend.stream.setBytes(pieces[index]!.pointer, to: 7, byteCount: 1 << 20)
        pieces[index] = nil
      }
      let large = backend.scratch(byteCount: backend.device.memoryByteCount / 4)
      backend.synchronize()
      try backend.throwIfFailed()
      #expect(large.pointer != 0 && !kept.isEmpty)
    }
  }

  /// More in all than there are addresses: those that were left are used again.
  @Test func addressesAreUsedAgain() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      let kept = fragmented(backend)
      let memoryByteCount = backend.device.memoryByteCount
      var (random, gathered, last): (RandomStream, Int, [DeviceStorage]) = (RandomStream(seed: 3, "sizes"), 0, [])
      while gathered < 10 * memoryByteCount {
        last.removeAll()
        let byteCount = memoryByteCount / 6 + random.integer(below: memoryByteCount / 12)
        last.append(backend.scratch(byteCount: byteCount))
        last.append(backend.scratch(byteCount: 40 << 20))
        gathered += byteCount
        try backend.throwIfFailed()
      }
      #expect(backend.reservedByteCount <= memoryByteCount && !kept.isEmpty)
    }
  }

  /// The driver has something left for the code that it loads.
  @Test func theLastIsLeftToTheDriver() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      var blocks: [DeviceStorage] = []
      while !backend.failures.hasFailed { blocks.append(backend.scratch(byteCount: 32 << 20)) }
      let left = freeByteCount(backend)
      #expect(left >= MappedMemory.spareByteCount && left < MappedMemory.spareByteCount + (32 << 20))
    }
  }

  @Test func whatIsNotThereIsNotGathered() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      let kept = fragmented(backend)
      let live = backend.liveByteCount
      #expect(backend.scratch(byteCount: backend.device.memoryByteCount - live + (1 << 20)).pointer == 0)
      #expect(backend.failures.fault?.code == .configuration && backend.liveByteCount == live && !kept.isEmpty)
    }
  }
}
