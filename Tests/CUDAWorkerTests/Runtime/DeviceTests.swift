import Faults
import Synchronization
import Testing
import Threads

@testable import CUDAWorker

@Suite struct DeviceTests {
  @Test func tellsOfItself() throws {
    try EmulatedGPU.run { backend in
      let device = backend.device
      let count = try CUDADevice.count()
      #expect(count >= 1 && device.ordinal == 0 && !device.name.isEmpty)
      #expect(device.computeCapability >= 80 && device.multiprocessorCount > 0 && device.uuid.count == 16)
      #expect(device.memoryByteCount > 0 && device.hasVirtualMemory)
      for part in ["cuda: GPU 0 \(device.name)", "compute capability", "NVRTC 13"] {
        #expect(backend.summary.contains(part), "\(backend.summary)")
      }
    }
  }

  @Test func aMissingDeviceIsToldWithHowManyThereAre() throws {
    try EmulatedGPU.alone {
      _ = EmulatedGPU.libraries
      let count = try CUDADevice.count()
      let fault = try #require(throws: Fault.self) { try CUDADevice(ordinal: count) }
      #expect(fault.code == .remoteUnavailable)
      #expect(fault.what == "No GPU \(count): this process sees \(count)")
    }
  }

  @Test func everyThreadHasTheContext() throws {
    try EmulatedGPU.run { backend in
      let text = Mutex("")
      let thread = WorkerThread { text.withLock { $0 = backend.device.memoryText } }
      thread?.join()
      #expect(text.withLock { $0.contains(" free of ") })
    }
  }

  @Test func eventsOrderStreams() throws {
    try EmulatedGPU.run { backend in
      let copies = CUDAStream(backend, highPriority: true)
      let source = PinnedMemory(byteCount: 4096, backend: backend)
      let target = PinnedMemory(byteCount: 4096, backend: backend)
      for index in 0..<4096 { source.bytes[index] = UInt8(truncatingIfNeeded: index) }
      let memory = backend.scratch(byteCount: 4096)
      let (start, ready, end) = (
        CUDAEvent(backend, measuresTime: true), CUDAEvent(backend), CUDAEvent(backend, measuresTime: true)
      )
      start.record(on: backend.stream)
      copies.copyToDevice(memory.pointer, from: source.bytes.baseAddress!, byteCount: 4096)
      ready.record(on: copies)
      backend.stream.wait(for: ready)
      backend.stream.copyToHost(target.bytes.baseAddress!, from: memory.pointer, byteCount: 4096)
      end.record(on: backend.stream)
      end.synchronize()
      #expect(end.isReached && target.bytes.elementsEqual(source.bytes))
      #expect(end.milliseconds(since: start) >= 0)
    }
  }
}
