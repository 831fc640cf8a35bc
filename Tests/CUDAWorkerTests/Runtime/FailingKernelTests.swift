import Faults
import Foundation
import TensorCore
import Testing

@testable import CUDAWorker

/// A kernel that fails takes its context with it, and so the process: the test is run again in a process of its own,
/// where the emulator lets the kernel fail.
@Suite struct FailingKernelTests {
  private static let variable = "SGMN_EMULATOR_FAIL"
  private static let groupsVariable = "SGMN_TEST_GROUPS"

  @Test(.enabled(if: ProcessEnvironment[variable] == nil), arguments: [false, true])
  func aFailingKernelInItsOwnProcess(inGroups: Bool) throws {
    _ = EmulatedGPU.libraries
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["--testing-library", "swift-testing", "--filter", "failureIsToldWithItsKernels"]
    // Late, as on a GPU.
    let variables = [
      FailingKernelTests.variable: "check_launch", FailingKernelTests.groupsVariable: "\(inGroups)",
      "SGMN_EMULATOR_DEFER": "1",
    ]
    process.environment = ProcessEnvironment.variables.merging(variables) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && text.contains("1 test"), "\(text)")
  }

  @Test(.enabled(if: ProcessEnvironment[variable] != nil))
  func failureIsToldWithItsKernels() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      backend.groupsSmallLaunches = ProcessEnvironment[FailingKernelTests.groupsVariable] == "true"
      let x = Tensor([Double](repeating: 1, count: 300), shape: [300], dtype: .float64, backend: backend)
      for _ in 0..<6 {
        backend.launch(
          "check_launch", LaunchShape(blocks: 1, threads: 64, sharedByteCount: 512),
          [.tensor(x), .count(300), .int32(1), .float(1), .double(1)])
      }
      #expect(x.doubles() == Array(repeating: 0, count: 300))
      let fault = try #require(throws: Fault.self) { try backend.throwIfFailed() }
      #expect(fault.code == .internalError)
      #expect(fault.what.hasPrefix("The GPU failed: CUDA_ERROR_ILLEGAL_ADDRESS"), "\(fault)")
      let place = try #require(fault.place)
      #expect(place.contains("6 kernels since the last synchronisation, at last check_launch"), "\(fault)")
    }
  }
}
