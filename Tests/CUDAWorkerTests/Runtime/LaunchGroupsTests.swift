import TensorCore
import Testing

@testable import CUDAWorker

@Suite struct LaunchGroupsTests {
  /// Steps whose every launch and upload changes what the next one reads; the numbers of all steps.
  private func steps(
    _ backend: CUDABackend, count: Int, lengths: [Int] = [9], addend: (Int) -> Double = { Double($0) }
  ) -> [[Double]] {
    let x = Tensor([Double](repeating: 1, count: 300), shape: [300], dtype: .float64, backend: backend)
    return (0..<count).map { step in
      for index in 0..<lengths[step % lengths.count] {
        let shape = LaunchShape(blocks: 1 + index % 3, threads: 64, sharedByteCount: 512)
        backend.launch(
          "check_launch", shape,
          [.tensor(x), .count(300 - index), .int32(Int32(index % 3) - 1), .float(1), .double(addend(step + index))])
        if index % 4 == 2 {
          let number = [Double(step) + 0.25]
          number.withUnsafeBytes { backend.upload($0, to: x.storage, byteOffset: 8 * (index + step % 5)) }
        }
      }
      return x.doubles()
    }
  }

  private func grouped(_ body: (CUDABackend, LaunchGroups) throws -> Void) throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      backend.groupsSmallLaunches = true
      try body(backend, #require(backend.groups))
      try backend.throwIfFailed()
    }
  }

  @Test func groupsGiveTheSameBits() throws {
    let alone = try EmulatedGPU.run { steps($0, count: 12, lengths: [9, 2, 30, 100]) }
    try grouped { backend, groups in
      #expect(steps(backend, count: 12, lengths: [9, 2, 30, 100]) == alone)
      // Of the 100 launches and their uploads 64 start as soon as they are there.
      #expect(groups.counts.launched == 3 * (1 + 0 + 1 + 2))
    }
  }

  /// A step like the last is started as it is; where arguments differ, the graph is updated and not made anew.
  @Test func graphsAreKept() throws {
    try grouped { backend, groups in
      let x = Tensor([Double](repeating: 1, count: 300), shape: [300], dtype: .float64, backend: backend)
      func step(_ addend: Double) {
        for _ in 0..<6 {
          backend.launch(
            "check_launch", LaunchShape(blocks: 2, threads: 64, sharedByteCount: 512),
            [.tensor(x), .count(300), .int32(2), .float(1), .double(addend)])
        }
        backend.synchronize()
      }
      backend.synchronize()
      step(1)
      step(1)
      #expect(groups.counts == (launched: 2, updated: 0, made: 1))
      step(2)
      step(2)
      #expect(groups.counts == (launched: 4, updated: 1, made: 1))
      var expected = 1.0
      for addend in [1.0, 1, 2, 2] { for _ in 0..<6 { expected = 2 * expected + addend } }
      #expect(x.doubles() == Array(repeating: expected, count: 300))
    }
  }

  /// More kinds of groups than are kept: the oldest go, and come again.
  @Test func keptGraphsAreBounded() throws {
    try grouped { backend, groups in
      let x = Tensor([Double](repeating: 1, count: 64), shape: [64], dtype: .float64, backend: backend)
      for round in 1...2 {
        for kind in 0..<LaunchGroups.capacity + 10 {
          for _ in 0..<4 {
            backend.launch(
              "check_launch", LaunchShape(blocks: 1, threads: 64, sharedByteCount: 512 + 8 * kind),
              [.tensor(x), .count(64), .int32(1), .float(1), .double(1)])
          }
          backend.synchronize()
        }
        #expect(groups.counts.made == round * (LaunchGroups.capacity + 10))
      }
      #expect(x.doubles() == Array(repeating: Double(1 + 8 * (LaunchGroups.capacity + 10)), count: 64))
    }
  }

  /// Whatever comes to depend on small launches starts them: a large one, another stream, another library's call.
  @Test func orderIsKept() throws {
    try grouped { backend, groups in
      let large = CUDABackend.smallThreadCount / 128 + 1
      let x = Tensor([Double](repeating: 1, count: 300), shape: [300], dtype: .float64, backend: backend)
      func launch(blocks: Int, _ factor: Int32, _ addend: Double) {
        backend.launch(
          "check_launch", LaunchShape(blocks: blocks, threads: 128, sharedByteCount: 1024),
          [.tensor(x), .count(300), .int32(factor), .float(1), .double(addend)])
      }
      for _ in 0..<5 { launch(blocks: 1, 2, 0) }
      launch(blocks: large, 1, 0.5)
      #expect(groups.counts.launched == 1)
      for _ in 0..<5 { launch(blocks: 1, 2, 0) }
      let (copies, event) = (CUDAStream(backend), CUDAEvent(backend))
      event.record(on: backend.stream)
      copies.wait(for: event)
      let target = PinnedMemory(byteCount: 8 * 300, backend: backend)
      copies.copyToHost(target.bytes.baseAddress!, from: x.device, byteCount: 8 * 300)
      copies.synchronize()
      #expect(groups.counts.launched == 2)
      #expect(Array(target.bytes.bindMemory(to: Double.self)) == Array(repeating: 32.5 * 32, count: 300))
      for _ in 0..<5 { launch(blocks: 1, 1, 1) }
      #expect(backend.stream.handle != nil && groups.counts.launched == 3)
      #expect(x.doubles() == Array(repeating: 32.5 * 32 + 5, count: 300))
    }
  }

  /// Memory that is free again serves the next launch of the same group.
  @Test func memoryIsUsedAgainWithinAGroup() throws {
    try grouped { backend, _ in
      var found: [[Double]] = []
      var kept: [Tensor] = []
      for step in 0..<5 {
        let x = Tensor([Double](repeating: Double(step), count: 50), shape: [50], dtype: .float64, backend: backend)
        let y = Tensor(uninitialized: [50], dtype: .float64, backend: backend)
        backend.stream.launchPending?()
        for _ in 0..<5 {
          backend.launch(
            "check_launch", LaunchShape(blocks: 1, threads: 64, sharedByteCount: 512),
            [.tensor(x), .count(50), .int32(1), .float(1), .double(1)])
        }
        backend.stream.copyOnDevice(y.device, from: x.device, byteCount: 400)
        kept.append(y)
      }
      for y in kept { found.append(y.doubles()) }
      #expect(found == (0..<5).map { Array(repeating: Double($0 + 5), count: 50) })
    }
  }

  @Test func canBeTurnedOff() throws {
    try grouped { backend, _ in
      #expect(backend.groupsSmallLaunches)
      let x = Tensor([1.0], shape: [1], dtype: .float64, backend: backend)
      backend.launch(
        "check_launch", LaunchShape(blocks: 1, threads: 32, sharedByteCount: 256),
        [.tensor(x), .count(1), .int32(1), .float(1), .double(1)])
      backend.groupsSmallLaunches = false
      #expect(!backend.groupsSmallLaunches && x.doubles() == [2])
    }
  }
}
