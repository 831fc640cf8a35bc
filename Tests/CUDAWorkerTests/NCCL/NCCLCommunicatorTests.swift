import Faults
import Foundation
import Synchronization
import TensorCore
import Testing

@testable import CUDAWorker

/// NCCL's binding, over the emulated library; sums over several ranks are GradientAveragingTests' and TrainingTests'.
@Suite(.serialized) struct NCCLCommunicatorTests {
  private func communicator(_ backend: CUDABackend) throws -> NCCLCommunicator {
    try NCCLCommunicator(backend: backend, uniqueID: NCCLCommunicator.uniqueID(), rank: 0, rankCount: 1)
  }

  @Test func everyIDIsAnother() throws {
    _ = EmulatedGPU.libraries
    let (one, other) = (try NCCLCommunicator.uniqueID(), try NCCLCommunicator.uniqueID())
    #expect(one.count == 128 && one != other)
    #expect(try NCCLCommunicator.version() == "2.27.3")
  }

  @Test func aRankAloneKeepsItsNumbers() throws {
    try EmulatedGPU.run { backend in
      let communicator = try communicator(backend)
      let x = EmulatedGPU.tensor((0..<1_001).map { Float($0) })
      let event = CUDAEvent(backend)
      try communicator.allReduceSum(x.device, count: x.count, on: backend.stream)
      event.record(on: backend.stream)
      try communicator.wait(for: event)
      #expect(x.floats() == (0..<1_001).map { Float($0) })
      try communicator.close()
    }
  }

  @Test func twoRanksOnOneGPUAreRefused() throws {
    try EmulatedGPU.run { backend in
      let id = try NCCLCommunicator.uniqueID()
      let faults = Mutex<[Fault]>([])
      DispatchQueue.concurrentPerform(iterations: 2) { rank in
        do {
          _ = try NCCLCommunicator(backend: backend, uniqueID: id, rank: rank, rankCount: 2)
        } catch let fault as Fault {
          faults.withLock { $0.append(fault) }
        } catch {}
      }
      let found = faults.withLock { $0 }
      #expect(found.count == 2)
      for fault in found {
        #expect(fault.code == .internalError)
        #expect(fault.what.hasPrefix("ncclCommInitRank failed: invalid usage"))
        #expect(fault.what.hasSuffix("Duplicate GPU detected : rank 0 and rank 1"))
      }
    }
  }

  /// What NCCL finds while a sum is under way ends the wait for it.
  @Test func anAsynchronousErrorIsAFault() throws {
    try EmulatedGPU.run { backend in
      let communicator = try communicator(backend)
      setenv("SGMN_EMULATOR_NCCL_FAILS", "2", 1)
      defer { unsetenv("SGMN_EMULATOR_NCCL_FAILS") }
      let x = EmulatedGPU.tensor([Float](repeating: 1, count: 10))
      for _ in 0..<2 { try communicator.allReduceSum(x.device, count: x.count, on: backend.stream) }
      let event = CUDAEvent(backend)
      event.record(on: backend.stream)
      // As behind a sum without end.
      let fault = #expect(throws: Fault.self) {
        try communicator.wait {
          _ = event.isReached
          return false
        }
      }
      #expect(fault?.code == .rankLost)
      #expect(
        fault?.what
          == "ncclAllReduce failed: remote process exited or there was a network error: a connection broke")
    }
  }

  @Test func memoryOfTheHostIsRefused() throws {
    try EmulatedGPU.run { backend in
      let communicator = try communicator(backend)
      let host = UnsafeMutablePointer<Float>.allocate(capacity: 16)
      defer { host.deallocate() }
      let fault = #expect(throws: Fault.self) {
        try communicator.allReduceSum(UInt64(UInt(bitPattern: host)), count: 16, on: backend.stream)
      }
      #expect(fault?.what.hasPrefix("ncclAllReduce failed: invalid argument") == true)
      try communicator.close()
    }
  }
}
