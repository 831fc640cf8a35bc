import CUDAWorker
import Faults
import Testing

@testable import RankWorkers

@Suite struct DeviceDecisionTests {
  private func gpu(_ number: Int, on host: String, card: UInt8) -> DeviceFinding {
    DeviceFinding(host: host, gpu: DeviceFinding.GPU(name: "H200", number: number, uuid: [card]))
  }

  private func none(on host: String, _ code: ExitCode = .remoteUnavailable) -> DeviceFinding {
    DeviceFinding(
      host: host,
      obstacle: DeviceFinding.Obstacle(
        Fault(code, "No libcuda.so.1", at: "looked in /usr/lib", remedy: "Install the driver")))
  }

  private func cpuLine(_ decision: DeviceDecision) -> String? {
    if case .cpu(let line) = decision { line } else { nil }
  }

  @Test func whereNobodyLooksTheProcessorsComputeAndNothingIsSaid() throws {
    #expect(try DeviceDecision(.cpu, []) == .cpu(nil))
  }

  @Test(arguments: [DeviceChoice.auto, .cuda(nil)]) func ranksWithGPUsOfTheirOwnUseThem(_ choice: DeviceChoice) throws {
    #expect(try DeviceDecision(choice, [gpu(0, on: "a", card: 1)]) == .gpu(nil))
    let four = [
      gpu(0, on: "a", card: 1), gpu(1, on: "a", card: 2), gpu(0, on: "b", card: 3), gpu(1, on: "b", card: 4),
    ]
    #expect(try DeviceDecision(choice, four) == .gpu(nil))
  }

  @Test func ranksThatShareAGPUAreNamed() throws {
    let shared = [gpu(0, on: "a", card: 1), gpu(1, on: "a", card: 2), gpu(0, on: "a", card: 1)]
    #expect(try DeviceDecision(.auto, shared) == .gpu("ranks 0, 2 share GPU 0 of a, H200"))
    let twice = shared + [gpu(1, on: "a", card: 2)]
    #expect(try DeviceDecision(.auto, twice) == .gpu("ranks 0, 2 share GPU 0 of a, H200, and so on 1 more"))
    // Both are number 0 of what their rank sees.
    #expect(try DeviceDecision(.auto, [gpu(0, on: "a", card: 1), gpu(0, on: "a", card: 2)]) == .gpu(nil))
  }

  @Test func withoutAGPUAutoComputesOnTheCPUAndSaysWhatWasLookedFor() throws {
    let line = try #require(cpuLine(DeviceDecision(.auto, [none(on: "a")])))
    #expect(line.contains("No libcuda.so.1 (looked in /usr/lib)") && !line.lowercased().contains("rank"))
  }

  @Test func oneRankWithoutAGPUTakesAllToTheCPU() throws {
    let findings = [gpu(0, on: "a", card: 1), gpu(1, on: "a", card: 2), none(on: "b")]
    let line = try #require(cpuLine(DeviceDecision(.auto, findings)))
    #expect(line.contains("Rank 2 on b: No libcuda.so.1") && line.contains("2 other"))
  }

  @Test func whereGPUsAreDemandedTheFirstRankWithoutOneIsNamed() {
    let findings = [gpu(0, on: "a", card: 1), none(on: "b"), none(on: "c")]
    let fault = #expect(throws: Fault.self) { try DeviceDecision(.cuda(nil), findings) }
    #expect(fault?.code == .remoteUnavailable)
    #expect(fault?.what == "Rank 1 on b: No libcuda.so.1")
    #expect(fault?.place == "looked in /usr/lib" && fault?.remedy == "Install the driver")
    let alone = #expect(throws: Fault.self) { try DeviceDecision(.cuda(0), [none(on: "b")]) }
    #expect(alone?.what == "No libcuda.so.1")
  }

  /// A card that is there and does not work is no machine without one.
  @Test func aGPUThatFailsIsNotPassedOver() {
    let findings = [none(on: "a"), none(on: "b", .internalError)]
    let fault = #expect(throws: Fault.self) { try DeviceDecision(.auto, findings) }
    #expect(fault?.code == .internalError && fault?.what.contains("on b") == true)
  }
}
