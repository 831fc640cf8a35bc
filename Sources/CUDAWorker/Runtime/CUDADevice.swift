import CNVIDIA
import Faults

/// One GPU with its primary context, which cuBLASLt and NCCL share.
// @unchecked: written in the initialiser alone.
public final class CUDADevice: @unchecked Sendable {
  /// What the kernels need: bfloat16 products and asynchronous copies to shared memory.
  static let oldestCapability = 80

  public let ordinal: Int
  public let name: String
  /// 90 for compute capability 9.0.
  public let computeCapability: Int
  public let multiprocessorCount: Int
  public let memoryByteCount: Int
  /// The same card in two processes has the same one.
  public let uuid: [UInt8]

  let driver: CUDADriver
  let handle: CUdevice
  let context: CUcontext
  let hasVirtualMemory: Bool

  var functions: UnsafePointer<nvidia_driver> { driver.functions }

  /// How many GPUs this process sees. Throws where there is no driver (69).
  public static func count() throws -> Int {
    let driver = try CUDADriver.shared()
    var count: Int32 = 0
    try driver.check(driver.functions.pointee.device_count(&count), "cuDeviceGetCount")
    return Int(count)
  }

  /// - Throws: `Fault(.remoteUnavailable)` where there is no such GPU, or it is too old or not to be had.
  public init(ordinal: Int) throws {
    let driver = try CUDADriver.shared()
    let count = try CUDADevice.count()
    guard (0..<count).contains(ordinal) else {
      throw Fault(
        .remoteUnavailable, "No GPU \(ordinal): this process sees \(count)", at: "cuDeviceGetCount",
        remedy: "Check CUDA_VISIBLE_DEVICES, or start as many ranks as there are GPUs")
    }
    var handle: CUdevice = 0
    try driver.check(driver.functions.pointee.device_get(&handle, Int32(ordinal)), "cuDeviceGet")
    let properties = try DeviceProperties(driver, handle)
    guard properties.computeCapability >= CUDADevice.oldestCapability else {
      throw Fault(
        .remoteUnavailable,
        "\(properties.name) has compute capability \(properties.computeCapability / 10)."
          + "\(properties.computeCapability % 10), older than 8.0",
        at: "GPU \(ordinal)", remedy: "Use an A100 or a newer GPU, or run with --device cpu")
    }
    self.ordinal = ordinal
    self.driver = driver
    self.handle = handle
    name = properties.name
    computeCapability = properties.computeCapability
    multiprocessorCount = properties.multiprocessorCount
    memoryByteCount = properties.memoryByteCount
    uuid = properties.uuid
    hasVirtualMemory = properties.hasVirtualMemory
    context = try CUDADevice.retainContext(driver, handle)
    makeCurrent()
  }

  deinit {
    _ = functions.pointee.context_release(handle)
    nvidia_forget_current()
  }

  /// Makes the context current in the calling thread; every thread that calls CUDA does so once.
  public func makeCurrent() {
    // It fails only for a context that is gone, which the call that follows reports.
    _ = nvidia_make_current(functions, context)
  }

  /// Threads that wait for the GPU sleep: the processor's cores have pictures to decode meanwhile.
  private static func retainContext(_ driver: CUDADriver, _ handle: CUdevice) throws -> CUcontext {
    // Refused where the process has the context already, which then waits as its first user said.
    _ = driver.functions.pointee.context_flags(handle, UInt32(nvidia_context_blocking))
    var context: CUcontext?
    try driver.check(driver.functions.pointee.context_retain(&context, handle), "cuDevicePrimaryCtxRetain")
    nvidia_forget_current()
    return context!
  }
}

extension CUDADriver {
  /// - Throws: `Fault(.remoteUnavailable)` with CUDA's name of the failure: for what comes before the first kernel.
  func check(_ result: CUresult, _ call: String) throws {
    guard result == 0 else {
      throw Fault(
        .remoteUnavailable, "The GPU cannot be used: \(describe(result))", at: call,
        remedy: "Check nvidia-smi, or run with --device cpu")
    }
  }
}
