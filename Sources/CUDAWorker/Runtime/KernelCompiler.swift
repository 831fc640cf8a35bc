import CNVIDIA
import Faults
import Synchronization

/// NVIDIA's run-time compiler, NVRTC: one of our source files -> code for one kind of GPU.
// @unchecked: written in the initialiser alone; NVRTC compiles in several threads at once.
final class KernelCompiler: @unchecked Sendable {
  private static let cached = Mutex<KernelCompiler?>(nil)

  private let functions: UnsafePointer<nvidia_nvrtc>
  /// `13.0`
  let version: String
  /// The compute capabilities that it knows, ascending.
  let capabilities: [Int]

  /// The compiler of this process, opened once. Throws `Fault(.remoteUnavailable)` where there is none.
  static func shared() throws -> KernelCompiler {
    try cached.withLock { cached in
      if let cached { return cached }
      let compiler = try KernelCompiler(NVIDIALibraries.open(.nvrtc))
      cached = compiler
      return compiler
    }
  }

  init(_ library: UnsafeMutableRawPointer) throws {
    let table = UnsafeMutablePointer<nvidia_nvrtc>.allocate(capacity: 1)
    table.initialize(to: nvidia_nvrtc())
    functions = UnsafePointer(table)
    var (major, minor, count): (Int32, Int32, Int32) = (0, 0, 0)
    var known: [Int32] = []
    if let missing = nvidia_fill_nvrtc(library, table) {
      throw Fault(
        .remoteUnavailable, "NVRTC lacks the function \(String(cString: missing))", at: "libnvrtc",
        remedy: "Install CUDA 12 or 13, or pip install nvidia-cuda-nvrtc")
    }
    var result = table.pointee.version(&major, &minor)
    if result == 0 { result = table.pointee.architecture_count(&count) }
    if result == 0 {
      known = [Int32](repeating: 0, count: Int(count))
      result = table.pointee.architectures(&known)
    }
    guard result == 0 else {
      throw Fault(.remoteUnavailable, "NVRTC does not start: error \(result)", at: "libnvrtc: nvrtcVersion")
    }
    version = "\(major).\(minor)"
    capabilities = known.map(Int.init).sorted()
  }

  /// The code of one file, and what compiler and assembler said.
  ///
  /// - Throws: `Fault(.internalError)` with the log where the source is refused.
  func compile(
    _ unit: KernelSource, headers: [KernelSource] = KernelSources.headers, for target: KernelTarget,
    extraOptions: [String] = []
  ) throws -> (code: [UInt8], log: String) {
    var program: nvrtcProgram?
    let created = CStrings(headers.map(\.text)).withPointers { texts in
      CStrings(headers.map(\.name)).withPointers { names in
        functions.pointee.create(&program, unit.text, unit.name, Int32(headers.count), texts, names)
      }
    }
    try check(created, "nvrtcCreateProgram", unit, log: "")
    defer { _ = functions.pointee.destroy(&program) }
    let options = target.options + extraOptions
    let compiled = CStrings(options).withPointers {
      functions.pointee.compile(program, Int32(options.count), $0)
    }
    let log = self.log(of: program)
    try check(compiled, "nvrtcCompileProgram", unit, log: log)
    return (try code(of: program, unit, isPortable: target.isPortable), log)
  }

  private func code(of program: nvrtcProgram?, _ unit: KernelSource, isPortable: Bool) throws -> [UInt8] {
    let table = functions.pointee
    var byteCount = 0
    let sized = isPortable ? table.ptx_size(program, &byteCount) : table.cubin_size(program, &byteCount)
    try check(sized, isPortable ? "nvrtcGetPTXSize" : "nvrtcGetCUBINSize", unit, log: "")
    var code = [CChar](repeating: 0, count: byteCount)
    let copied = isPortable ? table.ptx(program, &code) : table.cubin(program, &code)
    try check(copied, isPortable ? "nvrtcGetPTX" : "nvrtcGetCUBIN", unit, log: "")
    return code.map { UInt8(bitPattern: $0) }
  }

  private func log(of program: nvrtcProgram?) -> String {
    var byteCount = 0
    guard functions.pointee.log_size(program, &byteCount) == 0, byteCount > 1 else { return "" }
    var text = [CChar](repeating: 0, count: byteCount)
    guard functions.pointee.log(program, &text) == 0 else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func check(_ result: nvrtcResult, _ call: String, _ unit: KernelSource, log: String) throws {
    guard result != 0 else { return }
    let name = functions.pointee.error_string(result).map { String(cString: $0) } ?? "error \(result)"
    throw Fault(
      .internalError, "NVRTC \(version) does not compile \(unit.name): \(name)" + (log.isEmpty ? "" : "\n\(log)"),
      at: call)
  }
}
