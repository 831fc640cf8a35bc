import Faults
import Testing

@testable import CUDAWorker

/// Libraries that are there and of no use, as the emulator's build makes them.
@Suite struct BrokenLibrariesTests {
  private func open(_ library: NVIDIALibraries.Library, _ kind: String) throws -> UnsafeMutableRawPointer {
    let folder = "\(EmulatedGPU.libraries)/broken/\(kind)"
    return try LibrarySearch(environment: [LibrarySearch.override: folder]).open(library, driverMajor: nil)
  }

  @Test func aDriverWithoutAGPU() throws {
    let library = try open(.driver, "no-device")
    let fault = try #require(throws: Fault.self) { try CUDADriver(library) }
    #expect(fault.code == .remoteUnavailable && fault.place == "libcuda.so.1: cuInit")
    #expect(fault.what.hasPrefix("NVIDIA's driver does not start: CUDA_ERROR_NO_DEVICE"), "\(fault)")
    #expect(fault.remedy?.contains("--device cpu") == true)
  }

  @Test func aDriverThatIsTooOld() throws {
    let library = try open(.driver, "old-driver")
    let fault = try #require(throws: Fault.self) { try CUDADriver(library) }
    #expect(fault.code == .remoteUnavailable)
    #expect(fault.what == "NVIDIA's driver serves CUDA 11.4, older than 12.0")
  }

  @Test func aDriverThatLacksAFunction() throws {
    let library = try open(.driver, "missing-symbol")
    let fault = try #require(throws: Fault.self) { try CUDADriver(library) }
    #expect(fault.code == .remoteUnavailable)
    #expect(fault.what == "NVIDIA's driver lacks the function cuDriverGetVersion")
  }

  @Test func aDriverIsNoCompiler() throws {
    let library = try open(.driver, "no-device")
    let fault = try #require(throws: Fault.self) { try KernelCompiler(library) }
    #expect(fault.code == .remoteUnavailable && fault.what == "NVRTC lacks the function nvrtcVersion")
  }

  /// The newest code that it makes is finished by the driver.
  @Test func aCompilerThatIsOlderThanTheGPU() throws {
    let compiler = try KernelCompiler(open(.nvrtc, "old-nvrtc"))
    #expect(compiler.capabilities == [75, 80])
    #expect(try KernelTarget(for: 90, known: compiler.capabilities).name == "compute_80")
  }
}
