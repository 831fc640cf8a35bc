import CNVIDIA
import Faults
import Glibc
import Synchronization
import Threads

/// The kernels of a device by name. Their files are compiled, or taken from the cache, when a kernel of theirs is first
/// asked for.
// @unchecked: modules and functions are changed under the lock alone.
final class KernelLibrary: @unchecked Sendable {
  private struct State {
    var modules: [String: CUmodule] = [:]
    var functions: [String: Kernel] = [:]
  }

  let compiler: KernelCompiler
  let target: KernelTarget
  private let device: CUDADevice
  private let units: [KernelSource]
  private let headers: [KernelSource]
  private let cache: CubinCache
  private let lock = Mutex<Void>(())
  private var state = State()

  init(
    _ device: CUDADevice, units: [KernelSource] = KernelSources.units, headers: [KernelSource] = KernelSources.headers,
    cache: CubinCache? = nil
  ) throws {
    self.device = device
    self.units = units
    self.headers = headers
    self.cache = cache ?? CubinCache(folder: CubinCache.folder(environment: ProcessEnvironment.variables))
    compiler = try KernelCompiler.shared()
    target = try KernelTarget(for: device.computeCapability, known: compiler.capabilities)
  }

  deinit {
    device.makeCurrent()
    for module in state.modules.values { _ = device.functions.pointee.module_unload(module) }
  }

  /// A kernel by its name.
  ///
  /// - Throws: `Fault(.internalError)` where there is none, or its file does not compile or load.
  func kernel(_ name: String) throws -> Kernel {
    try lock.withLock { _ in
      if let kernel = state.functions[name] { return kernel }
      let kernel = try find(name)
      state.functions[name] = kernel
      return kernel
    }
  }

  /// Lets a kernel have so much dynamic shared memory from now on, and as many blocks of it run at once as that
  /// permits: a multiprocessor's memory is first-level cache or shared, and such kernels want none of it as cache.
  func setDynamicShared(_ byteCount: Int, of kernel: Kernel, named name: String) -> CUresult {
    let set = device.functions.pointee.function_set_attribute!
    var result = set(kernel.function, Int32(nvidia_function_dynamic_shared), Int32(byteCount))
    if result == 0 { result = set(kernel.function, Int32(nvidia_function_shared_share), KernelLibrary.wholeShare) }
    if result == 0 { lock.withLock { _ in state.functions[name]?.dynamicLimit = byteCount } }
    return result
  }

  /// Of a multiprocessor's memory that can be shared memory, in percent.
  private static let wholeShare: Int32 = 100

  /// Compiles, in parallel, every file that is not in the cache, and says so in a line. Returns at once where all are.
  ///
  /// - Throws: the first file's fault, in the order of their names.
  func prepare(log: (String) -> Void) throws {
    let missing = units.filter { cache.code(cacheName(of: $0)) == nil }
    if missing.isEmpty { return }
    let names = missing.map(\.name).joined(separator: ", ")
    log("compiling CUDA kernels for \(target.name) with NVRTC \(compiler.version): \(names)")
    let failures = Mutex<[String: Fault]>([:])
    let next = Atomic<Int>(0)
    let work: @Sendable () -> Void = { [self] in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < missing.count else { return }
        do {
          _ = try compiled(missing[index])
        } catch {
          failures.withLock { $0[missing[index].name] = error as? Fault }
        }
      }
    }
    let threads = (1..<max(1, min(missing.count, sysconf(Int32(_SC_NPROCESSORS_ONLN))))).map { _ in WorkerThread(work) }
    work()
    for thread in threads { thread?.join() }
    let first = failures.withLock { failures in failures.keys.min().flatMap { failures[$0] } }
    if let first { throw first }
  }

  /// Looks first where the source shows the name, or the longest part of it; then everywhere.
  private func find(_ name: String) throws -> Kernel {
    let likely = units.map { (unit: $0, length: $0.sharedPrefix(with: name)) }.sorted { $0.length > $1.length }
    for (unit, length) in likely where length > 0 {
      var function: CUfunction?
      let result = device.functions.pointee.module_function(&function, try module(of: unit), name)
      if result == 0, let function { return Kernel(function: function) }
      guard result == nvidia_function_not_found else { throw refusal(result, "cuModuleGetFunction: \(name)") }
    }
    throw Fault(
      .internalError, "No kernel is named \(name)", at: "\(units.count) CUDA source files",
      remedy: "This build's kernels and their callers do not fit: report it")
  }

  private func module(of unit: KernelSource) throws -> CUmodule {
    if let module = state.modules[unit.name] { return module }
    device.makeCurrent()
    var module: CUmodule?
    let result = try compiled(unit).withUnsafeBytes {
      device.functions.pointee.module_load(&module, $0.baseAddress)
    }
    guard result == 0, let module else { throw refusal(result, "cuModuleLoadData: \(unit.name)") }
    state.modules[unit.name] = module
    return module
  }

  private func compiled(_ unit: KernelSource) throws -> [UInt8] {
    let name = cacheName(of: unit)
    if let code = cache.code(name) { return code }
    let code = try compiler.compile(unit, headers: headers, for: target).code
    cache.keep(code, name)
    return code
  }

  private func cacheName(of unit: KernelSource) -> String {
    CubinCache.name(
      of: unit, headers: headers, options: target.options, target: target, compiler: "NVRTC \(compiler.version)")
  }

  private func refusal(_ result: CUresult, _ call: String) -> Fault {
    Fault(
      .internalError, "The GPU refuses compiled kernels: \(device.driver.describe(result))", at: call,
      remedy: "Empty the cache of compiled kernels (SGMN_CUDA_CACHE), and check that NVRTC \(compiler.version) is not"
        + " newer than the driver (CUDA \(CUDADriver.text(device.driver.version)))")
  }
}
