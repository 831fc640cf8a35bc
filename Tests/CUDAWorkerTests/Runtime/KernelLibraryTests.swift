import DurableFiles
import Faults
import Testing

@testable import CUDAWorker

@Suite struct KernelLibraryTests {
  private let folder: TemporaryFolder
  private let checks = KernelSources.units.filter { $0.name == "checks.cu" }

  init() throws { folder = try TemporaryFolder() }

  private func library(_ units: [KernelSource]) throws -> KernelLibrary {
    try KernelLibrary(EmulatedGPU.device(), units: units, cache: CubinCache(folder: folder.path))
  }

  @Test func filesAreCompiledOnce() throws {
    try EmulatedGPU.alone {
      var lines: [String] = []
      let library = try library(Array(KernelSources.units.prefix(3)))
      try library.prepare { lines.append($0) }
      try library.prepare { lines.append($0) }
      try self.library(Array(KernelSources.units.prefix(3))).prepare { lines.append($0) }
      let names = KernelSources.units.prefix(3).map(\.name).joined(separator: ", ")
      #expect(lines == ["compiling CUDA kernels for \(library.target.name) with NVRTC 13.0: \(names)"])
      let files = try DurableFile.names(in: folder.path)
      #expect(files.count == 3)
    }
  }

  @Test func aDamagedFileIsCompiledAgain() throws {
    try EmulatedGPU.alone {
      _ = try library(checks).kernel("check_launch")
      let files = try DurableFile.names(in: folder.path)
      let path = try "\(folder.path)/\(#require(files.first))"
      let whole = try FileReader.contents(of: path, limit: 1 << 20)
      try DurableFile.write(Array(whole.dropLast()), to: path)
      _ = try library(checks).kernel("check_launch")
      let again = try FileReader.contents(of: path, limit: 1 << 20)
      #expect(files.count == 1 && again == whole)
    }
  }

  @Test func aRefusedSourceIsToldWithTheLog() throws {
    try EmulatedGPU.alone {
      let units = checks.map { KernelSource(name: $0.name, text: $0.text + "\n") }
      let library = try library(units)
      let fault = try #require(throws: Fault.self) { try library.kernel("check_launch") }
      #expect(fault.code == .internalError)
      #expect(fault.what.contains("does not compile checks.cu: NVRTC_ERROR_COMPILATION"))
      #expect(fault.what.contains("checks.cu: error: "), "\(fault)")
      #expect(throws: fault) { try library.prepare { _ in } }
    }
  }

  /// Code that the driver refuses: of another machine, or nonsense with a right checksum.
  @Test func refusedCodeIsTold() throws {
    try EmulatedGPU.alone {
      _ = try library(checks).kernel("check_launch")
      let name = try #require(try DurableFile.names(in: folder.path).first)
      CubinCache(folder: folder.path).keep(Array("nonsense".utf8), name)
      let fault = try #require(throws: Fault.self) { try library(checks).kernel("check_launch") }
      #expect(fault.code == .internalError && fault.place == "cuModuleLoadData: checks.cu")
      #expect(fault.remedy?.contains("SGMN_CUDA_CACHE") == true)
    }
  }

  @Test func namesLeadToTheirFiles() {
    let source = KernelSource(
      name: "a.cu", text: "#define FILL(s) KERNEL(fill_##s) {}\nKERNEL(sum_f32) {}\nint my_sum_f64; KERNEL(sum) {}")
    let lengths = ["fill_f32": 5, "sum_f32": 7, "sum_f64": 5, "my_sum": 6, "my_sum_f64": 10, "ax": 0]
    for (name, length) in lengths { #expect(source.sharedPrefix(with: name) == length, "\(name)") }
  }

  @Test func targetsFollowTheDevice() throws {
    let known = [75, 80, 90, 120]
    #expect(try KernelTarget(for: 90, known: known).options == ["--gpu-architecture=sm_90a", "--std=c++17"])
    #expect(try KernelTarget(for: 80, known: known).name == "sm_80")
    #expect(try KernelTarget(for: 120, known: known).name == "sm_120")
    // Newer than all, and between two: PTX of the newest that is not newer, for the driver to finish.
    #expect(try KernelTarget(for: 130, known: known).name == "compute_120")
    #expect(try KernelTarget(for: 100, known: known) == KernelTarget(capability: 90, isPortable: true))
    let fault = try #require(throws: Fault.self) { try KernelTarget(for: 70, known: known) }
    #expect(fault.code == .remoteUnavailable && fault.what.contains("7.0"))
  }
}
