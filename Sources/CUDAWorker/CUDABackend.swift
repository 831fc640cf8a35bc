import CNVIDIA
import Faults
import Synchronization
import TensorCore

/// The GPU worker: products by cuBLASLt, everything else by our own kernels, on one stream.
///
/// The same run twice gives the same bits: no kernel adds floats in an order that chance decides.
public final class CUDABackend: Backend, MemoryCounting, @unchecked Sendable {
  public let device: CUDADevice
  /// Kernels and products run here, in order.
  public let stream: CUDAStream
  /// The way of pictures that nobody has staged.
  let ownPictureCopies = Mutex<PictureCopies?>(nil)

  let failures: FailureRecord
  let memory: DeviceMemory
  /// For pictures on their way, whose copies do not keep to the order of `stream`: what is free in it is idle.
  let pictureMemory: DeviceMemory
  let kernels: KernelLibrary
  let products: ProductLibrary
  let uploads: UploadRing
  let downloads: DownloadStaging
  private(set) var groups: LaunchGroups?

  /// - Parameter log: gets a line where kernels must be compiled, which takes a minute once on a machine.
  /// - Throws: a fault (69) where driver, NVRTC or cuBLASLt is missing or too old, or the device cannot be used.
  public convenience init(device ordinal: Int, log: (String) -> Void = { _ in }) throws {
    try self.init(CUDADevice(ordinal: ordinal))
    try kernels.prepare(log: log)
    try checkLaunches()
  }

  /// A backend that compiles each file of kernels when it is first used.
  init(_ device: CUDADevice, kernels: KernelLibrary? = nil) throws {
    self.device = device
    failures = FailureRecord(describe: device.driver.describe)
    stream = CUDAStream(device, failures)
    memory = DeviceMemory(failures, MappedMemory(device) ?? AllocatedMemory(device)) { [stream] in stream.drain() }
    pictureMemory = DeviceMemory(failures, AllocatedMemory(device))
    self.kernels = try kernels ?? KernelLibrary(device)
    products = try ProductLibrary(device)
    uploads = UploadRing(device, failures, stream: stream)
    downloads = DownloadStaging(device, failures, stream: stream)
    try throwIfFailed()
  }

  deinit {
    stream.drain()
    // The stream may live on in the hands of others.
    stream.launchPending = nil
  }

  public var summary: String {
    "cuda: GPU \(device.ordinal) \(device.name), \(ByteText(device.memoryByteCount)), compute capability "
      + "\(device.computeCapability / 10).\(device.computeCapability % 10), driver for CUDA "
      + "\(CUDADriver.text(device.driver.version)), NVRTC \(kernels.compiler.version), \(products.summary)"
  }

  public var kind: WorkerKind { .cuda }
  public var hasBFloat16Products: Bool { true }

  public func throwIfFailed() throws {
    if let fault = failures.fault { throw fault }
  }

  /// Keeps the first failure; kernels launched afterwards do nothing.
  func fail(_ fault: Fault) { failures.record(fault) }

  /// Bytes that this worker holds on the GPU, that tensors have now, and the most they had.
  public var reservedByteCount: Int { memory.reservedByteCount + pictureMemory.reservedByteCount }
  public var liveByteCount: Int { memory.liveByteCount }
  public var peakLiveByteCount: Int { memory.peakLiveByteCount }

  /// Whether small launches are put off and started together, as CUDA graphs. The same numbers come out, bit for bit.
  /// Without effect where the driver has no graphs. To be set before work is queued.
  public var groupsSmallLaunches: Bool {
    get { groups != nil }
    set {
      groups?.launch()
      let isPossible = newValue && nvidia_has_graphs(device.functions)
      groups = isPossible ? LaunchGroups(stream, failures) : nil
      stream.launchPending = groups.map { groups in { groups.launch() } }
    }
  }

  /// Device memory for one or a few kernels, free again with the last reference.
  func scratch(byteCount: Int) -> DeviceStorage { DeviceStorage(byteCount: byteCount, backend: self) }
}
