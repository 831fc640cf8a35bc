import CNVIDIA
import Faults
import Glibc
import TensorCore
import Testing

@testable import CUDAWorker

@Suite struct LaunchTests {
  private func check(
    _ x: Tensor, _ backend: CUDABackend, blocks: Int = 3, threads: Int = 64, count: Int? = nil, a: Int32 = 2,
    b: Float = 0.5, c: Double = 6
  ) {
    let shape = LaunchShape(blocks: blocks, threads: threads, sharedByteCount: threads * 8)
    let count = count ?? x.count
    backend.launch("check_launch", shape, [.tensor(x), .count(count), .int32(a), .float(b), .double(c)])
  }

  @Test func passesArgumentsOfEveryType() throws {
    try EmulatedGPU.run { backend in
      try backend.checkLaunches()
      let x = EmulatedGPU.tensor((0..<1001).map(Double.init), dtype: .float64)
      check(x, backend)
      check(x, backend, count: 1000, a: -1, b: 2, c: -.infinity)
      #expect(x.doubles() == Array(repeating: -.infinity, count: 1000) + [2003])
    }
  }

  @Test func launchesRunInOrder() throws {
    try EmulatedGPU.run { backend in
      let x = EmulatedGPU.tensor([Double](repeating: 1, count: 300), dtype: .float64)
      var expected = 1.0
      for step in 0..<40 {
        check(x, backend, a: Int32(step % 3 - 1), b: 1, c: Double(step))
        expected = Double(step % 3 - 1) * expected + Double(step)
      }
      #expect(x.doubles() == Array(repeating: expected, count: 300))
    }
  }

  /// No block, no launch: the driver would refuse.
  @Test func nothingToRunIsNotLaunched() throws {
    try EmulatedGPU.run { backend in
      let x = EmulatedGPU.tensor([1.0], dtype: .float64)
      check(x, backend, blocks: 0)
      check(x, backend, threads: 0)
      backend.launch("no such kernel", elements: 0, [])
      let empty = Tensor(uninitialized: [0], backend: backend)
      #expect(empty.floats() == [] && x.doubles() == [1])
    }
  }

  @Test func sharedMemoryBeyondTheDefaultIsAskedFor() throws {
    try EmulatedGPU.run { backend in
      let x = EmulatedGPU.tensor([Double](repeating: 1, count: 64), dtype: .float64)
      for sharedByteCount in [100 << 10, 60 << 10, 200 << 10] {
        backend.launch(
          "check_launch", LaunchShape(blocks: 1, threads: 64, sharedByteCount: sharedByteCount),
          [.tensor(x), .count(64), .int32(1), .float(1), .double(1)])
      }
      #expect(x.doubles() == Array(repeating: 4, count: 64))

      // And as much of what is cache otherwise as shared memory can have.
      typealias GetAttribute = @convention(c) (UnsafeMutablePointer<Int32>, Int32, CUfunction) -> CUresult
      let driver = try #require(dlopen("\(EmulatedGPU.libraries)/libcuda.so.1", RTLD_NOW))
      let attribute = unsafeBitCast(try #require(dlsym(driver, "cuFuncGetAttribute")), to: GetAttribute.self)
      let kernel = try backend.kernels.kernel("check_launch")
      var share: Int32 = 0
      #expect(attribute(&share, Int32(nvidia_function_shared_share), kernel.function) == 0)
      #expect(share == 100)
    }
  }

  @Test func anUnknownKernelIsNamed() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      backend.launch("check_launches_f32", LaunchShape(blocks: 1, threads: 32), [])
      let fault = try #require(throws: Fault.self) { try backend.throwIfFailed() }
      #expect(fault.code == .internalError && fault.what == "No kernel is named check_launches_f32")
    }
  }

  /// The first failure stays, and nothing is computed after it.
  @Test func failuresAreKept() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      let x = Tensor([Double](repeating: 1, count: 64), shape: [64], dtype: .float64, backend: backend)
      // More threads than a block can have.
      check(x, backend, threads: 2048)
      let fault = try #require(throws: Fault.self) { try backend.throwIfFailed() }
      #expect(fault.code == .internalError && fault.what.contains("CUDA_ERROR_INVALID_VALUE"), "\(fault)")
      #expect(fault.place?.contains("check_launch, 3×1×1 blocks of 2048 threads") == true, "\(fault)")

      backend.fail(Fault(.configuration, "another"))
      check(x, backend)
      backend.launch("no such kernel", LaunchShape(blocks: 1, threads: 32), [])
      backend.synchronize()
      #expect(throws: fault) { try backend.throwIfFailed() }
      // Nothing crashes later: memory is nowhere, numbers are zeros.
      let y = Tensor(uninitialized: [1000], backend: backend)
      #expect(y.device == 0 && y.floats() == Array(repeating: 0, count: 1000))
      y.set([Float](repeating: 1, count: 1000))
      #expect(x.doubles() == Array(repeating: 0, count: 64))
      let event = CUDAEvent(backend, measuresTime: true)
      event.record(on: backend.stream)
      event.synchronize()
      backend.stream.wait(for: event)
      #expect(event.isReached && event.milliseconds(since: event).isNaN)
      _ = PinnedMemory(byteCount: 100, backend: backend)
    }
  }

  /// An error of a kernel itself comes to light when somebody waits, with the kernels that may have made it.
  @Test func lateFailuresNameTheKernels() throws {
    try EmulatedGPU.alone {
      let failures = FailureRecord { _ in "CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered" }
      for index in 0..<20 { failures.launches.note("kernel_\(index)") }
      failures.check(700, "cuStreamSynchronize")
      let place = try #require(failures.fault?.place)
      #expect(place.hasPrefix("cuStreamSynchronize: 20 kernels since the last synchronisation, at last kernel_4, "))
      #expect(place.hasSuffix("kernel_18, kernel_19"))
      #expect(failures.fault?.remedy?.contains("CUDA_LAUNCH_BLOCKING=1") == true)

      let full = FailureRecord { _ in "CUDA_ERROR_OUT_OF_MEMORY: out of memory" }
      full.check(2, "cuGraphInstantiate")
      #expect(full.fault?.code == .configuration && full.fault?.place == "cuGraphInstantiate")
    }
  }
}
