import CNVIDIA
import Foundation
import ProbeJobs
import Testing

@testable import CUDAWorker

/// NVIDIA's own compiler takes every kernel; scripts/fetch-nvrtc brings it.
@Suite struct KernelCompilationTests {
  private static let sharedLimit = 48 << 10

  /// The folder with libnvrtc, nil where it could not be fetched.
  static let folder: String? = {
    var file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<4 { file.deleteLastPathComponent() }
    file.appendPathComponent(".build/nvrtc/library.path")
    return (try? String(contentsOf: file, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
  }()

  private static let compiler = Result {
    let search = LibrarySearch(environment: [LibrarySearch.override: folder ?? "/nonexistent"])
    return try KernelCompiler(search.open(.nvrtc, driverMajor: nil))
  }

  @Test(
    .enabled(if: folder != nil, "no NVRTC: scripts/fetch-nvrtc"),
    arguments: KernelSources.units.map(\.name), [80, 90])
  func keepsToItsBudget(file: String, capability: Int) throws {
    let unit = try #require(KernelSources.units.first { $0.name == file })
    let target = KernelTarget(capability: capability)
    let (code, log) = try Self.compiler.get().compile(unit, for: target, extraOptions: ["--ptxas-options=-v"])
    let kernels = CompiledKernel.all(in: log)
    #expect(kernels.isEmpty == !unit.text.contains("KERNEL"))
    for kernel in kernels {
      #expect(kernel.spillByteCount == 0, "\(kernel.name), \(target.name)")
      #expect(kernel.registers <= RegisterBudgets.registers(of: kernel.name), "\(kernel.name), \(target.name)")
      #expect(kernel.sharedByteCount <= Self.sharedLimit, "\(kernel.name), \(target.name)")
    }
    if capability == 90 { try expectInEmulator(kernels, of: code) }
  }

  /// A structure's store is one instruction only where the sources say so: four of 4 bytes cost as many transactions.
  @Test(
    .enabled(if: folder != nil, "no NVRTC: scripts/fetch-nvrtc"),
    arguments: [
      // Beside whole vectors: mean and deviation of a row; a transpose's path for odd sizes (5 with the loop's rest).
      ("normalization.cu", "layer_norm_768_f32", 2), ("normalization.cu", "layer_norm_backward_768_bf16", 0),
      ("products.cu", "transpose_f32", 5), ("products.cu", "transpose_bf16", 5),
      ("indexing.cu", "gather_rows_16_bytes", 0),
    ])
  func writesWholeVectors(file: String, kernel: String, singles: Int) throws {
    let unit = try #require(KernelSources.units.first { $0.name == file })
    let target = KernelTarget(capability: 90, isPortable: true)
    let text = String(decoding: try Self.compiler.get().compile(unit, for: target).code, as: UTF8.self)
    let start = try #require(text.range(of: ".entry \(kernel)("))
    let body = text[start.upperBound...].components(separatedBy: ".entry ")[0]
    let stores = body.components(separatedBy: .newlines).filter { $0.contains("st.global.") }
    #expect(stores.contains { $0.contains(".v4.") })
    #expect(stores.filter { !$0.contains(".v4.") && !$0.contains(".v2.") }.count == singles, "\(stores)")
  }

  /// The emulated driver has every kernel that the machine code has, under the same name.
  private func expectInEmulator(_ kernels: [CompiledKernel], of code: [UInt8]) throws {
    try EmulatedGPU.run { backend in
      backend.device.makeCurrent()
      let driver = backend.device.functions.pointee
      var module: CUmodule?
      #expect(code.withUnsafeBytes { driver.module_load(&module, $0.baseAddress) } == 0)
      for kernel in kernels {
        var function: CUfunction?
        #expect(driver.module_function(&function, module, kernel.name) == 0, "\(kernel.name)")
      }
      #expect(driver.module_unload(module) == 0)
    }
  }

  @Test func readsWhatTheAssemblerTells() {
    let log = """
      ptxas info    : 0 bytes gmem
      ptxas info    : Compiling entry function 'add_f32' for 'sm_90a'
      ptxas info    : Function properties for add_f32
          0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
      ptxas info    : Used 18 registers, used 0 barriers
      ptxas info    : Compiling entry function 'sum_f32' for 'sm_90a'
      ptxas info    : Function properties for sum_f32
          8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads
      ptxas info    : Used 40 registers, used 1 barriers, 8 bytes cumulative stack size, 128 bytes smem
      """
    #expect(
      CompiledKernel.all(in: log) == [
        CompiledKernel(name: "add_f32", registers: 18),
        CompiledKernel(name: "sum_f32", registers: 40, spillByteCount: 28, sharedByteCount: 128),
      ])
    #expect(RegisterBudgets.registers(of: "add_f32") == 64)
    #expect(RegisterBudgets.registers(of: "attention_backward_keys56_width64_bf16") == 168)
  }
}
