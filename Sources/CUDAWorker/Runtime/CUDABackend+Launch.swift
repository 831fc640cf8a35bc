import CNVIDIA
import Faults

extension CUDABackend {
  /// Threads of a block where every thread has elements of its own.
  static let elementwiseThreads = 256
  /// Blocks of such a launch a multiprocessor: eight run at once, and four rounds of them even out the last.
  static let elementwiseBlocksPerMultiprocessor = 32

  /// Queues a kernel by its name; it is compiled when its file is first used. A kernel with no block to run is not
  /// launched.
  ///
  /// - Parameter other: where not on the compute stream.
  func launch(
    _ kernel: String, _ shape: LaunchShape, _ arguments: [KernelArgument], on other: CUDAStream? = nil
  ) {
    let (blocks, threads) = (shape.blocks, shape.threads)
    if blocks.x == 0 || blocks.y == 0 || blocks.z == 0 || threads == 0 || failures.hasFailed { return }
    precondition(blocks.x < 1 << 31 && blocks.y < 1 << 16 && blocks.z < 1 << 16, "\(kernel): too many blocks")
    device.makeCurrent()
    guard let function = function(kernel, sharedByteCount: shape.sharedByteCount) else { return }
    let stream = other ?? self.stream
    if other == nil {
      failures.launches.note(kernel)
      if let groups, CUDABackend.isSmall(shape) { return groups.add(function, shape, arguments) }
    }
    let result = withParameters(arguments) {
      device.functions.pointee.launch(
        function, UInt32(blocks.x), UInt32(blocks.y), UInt32(blocks.z), UInt32(threads), 1, 1,
        UInt32(shape.sharedByteCount), stream.handle, $0, nil)
    }
    if result != 0 { failures.check(result, "cuLaunchKernel", describe(kernel, shape)) }
  }

  /// The same with one thread an element, or with fewer and strides (`GRID_STRIDE`) where there are many.
  /// - Parameter perThread: elements that a thread handles at once (vectors).
  func launch(_ kernel: String, elements: Int, perThread: Int = 1, _ arguments: [KernelArgument]) {
    let perBlock = CUDABackend.elementwiseThreads * perThread
    let most = CUDABackend.elementwiseBlocksPerMultiprocessor * device.multiprocessorCount
    let blocks = min((elements + perBlock - 1) / perBlock, most)
    launch(kernel, LaunchShape(blocks: blocks, threads: CUDABackend.elementwiseThreads), arguments)
  }

  /// Launches of at most so many threads are over in less time than it takes to start them.
  static let smallThreadCount = 1 << 17
  /// And copies to the GPU of so many bytes.
  static let smallCopyByteCount = 64 << 10

  private static func isSmall(_ shape: LaunchShape) -> Bool {
    shape.blocks.x * shape.blocks.y * shape.blocks.z * shape.threads <= smallThreadCount
  }

  /// After a wait for the whole compute stream: whatever fails from now on is not of the kernels so far.
  func noteSynchronization() {
    if !failures.hasFailed { failures.launches.clear() }
  }

  private func function(_ kernel: String, sharedByteCount: Int) -> CUfunction? {
    do {
      let found = try kernels.kernel(kernel)
      if sharedByteCount > found.dynamicLimit {
        let result = kernels.setDynamicShared(sharedByteCount, of: found, named: kernel)
        let details = "\(kernel), \(sharedByteCount) bytes of shared memory"
        guard failures.check(result, "cuFuncSetAttribute", details) else { return nil }
      }
      return found.function
    } catch {
      fail(error as? Fault ?? Fault(.internalError, "\(error)", at: kernel))
      return nil
    }
  }

  private func describe(_ kernel: String, _ shape: LaunchShape) -> String {
    "\(kernel), \(shape.blocks.x)×\(shape.blocks.y)×\(shape.blocks.z) blocks of \(shape.threads) threads, "
      + "\(shape.sharedByteCount) bytes of shared memory"
  }
}

/// The arguments as the driver wants them: an address of each. On the stack.
private func withParameters<Result>(
  _ arguments: [KernelArgument], _ body: (UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> Result
) -> Result {
  withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(arguments.count, 1)) { values in
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: max(arguments.count, 1)) { pointers in
      for (index, argument) in arguments.enumerated() {
        // The low bytes of the word come first in memory, which is where a shorter type is read.
        values.initializeElement(at: index, to: argument.bits)
        pointers.initializeElement(at: index, to: UnsafeMutableRawPointer(values.baseAddress! + index))
      }
      return body(pointers.baseAddress)
    }
  }
}
