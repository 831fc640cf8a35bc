import Foundation
import ProbeJobs
import Testing

@testable import CUDAWorker

@Suite struct EmulatorTests {
  /// The emulator's own program: language, memory, streams and graphs, and that faults of kernels end the run.
  @Test func passesItsSelfTest() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: EmulatedGPU.libraries + "/emulator-selftest")
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    #expect(text.split(separator: "\n").count > 20, "\(text)")
  }
}
