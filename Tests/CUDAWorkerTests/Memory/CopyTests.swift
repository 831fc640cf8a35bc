import TensorCore
import Testing

@testable import CUDAWorker

@Suite struct CopyTests {
  private func bytes(_ count: Int, seed: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761 &+ seed) >> 11) }
  }

  private func upload(_ bytes: [UInt8], to storage: any Storage, at offset: Int = 0, _ backend: CUDABackend) {
    bytes.withUnsafeBytes { backend.upload($0, to: storage, byteOffset: offset) }
  }

  private func download(
    _ count: Int, from storage: any Storage, at offset: Int = 0, _ backend: CUDABackend
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xAB, count: count)
    bytes.withUnsafeMutableBytes { backend.download(storage, byteOffset: offset, to: $0) }
    return bytes
  }

  /// Less and more than a slot of the ring, and than a buffer of the way back.
  @Test(arguments: [1, 255, 4096, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 13_000_003])
  func bytesComeBack(count: Int) throws {
    try EmulatedGPU.run { backend in
      let storage = backend.allocate(byteCount: count + 7)
      let bytes = bytes(count, seed: count)
      upload(bytes, to: storage, at: 5, backend)
      #expect(download(count, from: storage, at: 5, backend) == bytes)
      #expect(download(1, from: storage, at: 5 + count / 2, backend) == [bytes[count / 2]])
    }
  }

  /// Many uploads, several times around a small ring, none of which is waited for; the source changes at once.
  @Test func theRingIsUsedAgainOnlyWhenItWasRead() throws {
    try EmulatedGPU.run { backend in
      let ring = UploadRing(backend.device, backend.failures, stream: backend.stream, slots: 3, slotByteCount: 4096)
      let storage = backend.scratch(byteCount: 200 * 1024)
      var expected: [UInt8] = []
      for index in 0..<200 {
        var piece = bytes([1, 300, 1024][index % 3], seed: index)
        piece.withUnsafeBytes {
          ring.upload($0, to: storage.pointer + UInt64(expected.count)) {
            backend.stream.copyToDevice($0, from: $1, byteCount: $2)
          }
        }
        expected += piece
        for place in piece.indices { piece[place] = 0 }
      }
      let long = bytes(3 * 4096 + 17, seed: 1000)
      long.withUnsafeBytes {
        ring.upload($0, to: storage.pointer + UInt64(expected.count)) {
          backend.stream.copyToDevice($0, from: $1, byteCount: $2)
        }
      }
      expected += long
      #expect(download(expected.count, from: storage, backend) == expected)
    }
  }

  /// Memory that was given back is written by the next tensor only after the work that still reads it.
  @Test func freedMemoryIsUsedAgainInOrder() throws {
    try EmulatedGPU.run { backend in
      var first: Tensor? = Tensor([Double](repeating: 3, count: 1000), shape: [1000], dtype: .float64, backend: backend)
      let place = first!.device
      let copy = backend.scratch(byteCount: 8000)
      backend.stream.copyOnDevice(copy.pointer, from: place, byteCount: 8000)
      first = nil
      let second = Tensor([Double](repeating: 4, count: 1000), shape: [1000], dtype: .float64, backend: backend)
      #expect(second.device == place)
      let copied = Tensor(shape: [1000], dtype: .float64, backend: backend, storage: copy, offset: 0)
      #expect(copied.doubles() == Array(repeating: 3, count: 1000))
      #expect(second.doubles() == Array(repeating: 4, count: 1000))
    }
  }

  @Test func anEmptyStorageIsLegal() throws {
    try EmulatedGPU.run { backend in
      let storage = backend.allocate(byteCount: 0)
      upload([], to: storage, backend)
      #expect(download(0, from: storage, backend) == [])
    }
  }

  @Test func bytesAreCounted() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      #expect(backend.liveByteCount == 0 && backend.reservedByteCount == 0)
      var storage: DeviceStorage? = backend.scratch(byteCount: 3 << 20)
      #expect(storage != nil && backend.liveByteCount == 3 << 20 && backend.reservedByteCount >= 3 << 20)
      storage = nil
      #expect(backend.liveByteCount == 0 && backend.peakLiveByteCount == 3 << 20)
    }
  }

  /// More than the card has: the fault tells what was asked for, and everything stays usable.
  @Test func moreThanTheCardHas() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      let storage = backend.scratch(byteCount: 2 * backend.device.memoryByteCount)
      #expect(storage.pointer == 0)
      let fault = backend.failures.fault
      #expect(fault?.code == .configuration && fault?.what.hasPrefix("Out of GPU memory: ") == true)
      #expect(fault?.place?.contains("GPU 0") == true)
    }
  }

  /// Cards without virtual memory.
  @Test func separateRangesServeToo() throws {
    try EmulatedGPU.alone {
      let device = try EmulatedGPU.device()
      let failures = FailureRecord(describe: device.driver.describe)
      let memory = DeviceMemory(failures, AllocatedMemory(device))
      let blocks = [80 << 20, 100, 30 << 20].map { memory.take($0) }
      #expect(blocks.allSatisfy { $0 != 0 } && !failures.hasFailed && memory.reservedByteCount >= 110 << 20)
      for (block, byteCount) in zip(blocks, [80 << 20, 100, 30 << 20]) { memory.give(block, byteCount) }
    }
  }
}
