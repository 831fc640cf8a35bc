import COpenBLAS
import CVectorKernels
import Glibc

/// The CPU worker: products by OpenBLAS and oneDNN, everything else by our vector kernels. The reference of every other
/// backend.
public final class CPUBackend: Backend, MemoryCounting, @unchecked Sendable {
  let pool = BufferPool()
  let team: ThreadTeam
  /// Whether bfloat16 products are oneDNN's, or OpenBLAS's on operands widened to float32.
  let usesBFloat16Products: Bool
  public var threadCount: Int { team.threadCount }

  /// A worker whose kernels are shared out among `threadCount` threads, the calling one among them.
  ///
  /// - Parameters:
  ///   - cpus: the CPU of each thread, that of the calling thread first, which pins itself; nil pins nothing.
  ///   - watches: whether threads that wait for a kernel watch for tens of microseconds before they sleep: not where
  ///     threads outnumber cores. Where nothing is said, the CPUs of this process decide.
  public convenience init(threadCount: Int = 1, cpus: [Int]? = nil, watches: Bool? = nil) {
    self.init(
      threadCount: threadCount, cpus: cpus, watches: watches, usesBFloat16Products: CPUBackend.hasBFloat16Products)
  }

  init(threadCount: Int, cpus: [Int]? = nil, watches: Bool? = nil, usesBFloat16Products: Bool) {
    team = ThreadTeam(threadCount: threadCount, cpus: cpus, watches: watches)
    self.usesBFloat16Products = usesBFloat16Products
    // Products are shared out as all kernels are, so that every thread meets its own rows in its own caches again. Threads
    // of OpenBLAS's own would compete with the team's for the same cores, and wait for each other by yielding.
    openblas_set_num_threads(1)
  }

  public var kind: WorkerKind { .cpu }

  public var summary: String {
    let core = String(cString: openblas_get_corename())
    let bfloat16 = usesBFloat16Products ? "" : " (bfloat16 products widened to float32)"
    return "cpu, OpenBLAS \(core), oneDNN \(OneDNN.version) \(OneDNN.instructionSet)\(bfloat16), "
      + "vector kernels \(CPUBackend.instructionSet), \(threadCount) thread(s)"
  }

  /// The instruction set of the vector kernels on this machine.
  public static var instructionSet: String { String(cString: vk_instruction_set()) }

  /// Bytes that this worker holds for tensors.
  public var reservedByteCount: Int { pool.reservedByteCount }
  /// Bytes of those that tensors have now.
  public var liveByteCount: Int { pool.liveByteCount }
  /// The greatest `liveByteCount` so far.
  public var peakLiveByteCount: Int { pool.peakLiveByteCount }
}

/// Which of OpenBLAS's kernels a process uses.
public enum BLASCore: Sendable, Equatable {
  /// The best that the processor has, whatever `OPENBLAS_CORETYPE` was inherited.
  case automatic
  /// What the environment says.
  case environment
  case named(String)

  /// `auto`, `env`, or the name of a core as OpenBLAS knows it (Haswell, SkylakeX …).
  public init(_ text: String) {
    switch text {
    case "auto": self = .automatic
    case "env": self = .environment
    default: self = .named(text)
    }
  }

  /// Selects the kernels; to be called once, before the first product and the first thread. Returns a line for the
  /// log where an inherited setting was overridden.
  public func select() -> String? {
    let inherited = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) }
    switch self {
    case .environment: return nil
    case .named(let name):
      return sgmn_blas_select_core(name) == 0
        ? nil : "this OpenBLAS cannot choose its kernels; --blas-core \(name) is ignored"
    case .automatic:
      guard let inherited else { return nil }  // already detected
      guard sgmn_blas_select_core("") == 0 else {
        return "this OpenBLAS cannot choose its kernels; OPENBLAS_CORETYPE=\(inherited) stays"
      }
      let chosen = String(cString: openblas_get_corename())
      return "OPENBLAS_CORETYPE=\(inherited) overridden: \(chosen) kernels (--blas-core env keeps the variable)"
    }
  }
}

extension DType {
  /// For kernels that know float32 and float64 alone.
  var code: Int32 {
    precondition(self != .bfloat16, "a kernel without bfloat16")
    return anyCode
  }

  /// For kernels that know every format.
  var anyCode: Int32 {
    switch self {
    case .float32: Int32(VK_FLOAT32)
    case .float64: Int32(VK_FLOAT64)
    case .bfloat16: Int32(VK_BFLOAT16)
    }
  }
}

extension Tensor {
  /// Where the elements begin.
  var raw: UnsafeMutableRawPointer {
    unsafeDowncast(storage, to: CPUStorage.self).pointer + offset * dtype.byteCount
  }

  var float32: UnsafeMutablePointer<Float> { raw.assumingMemoryBound(to: Float.self) }
  var float64: UnsafeMutablePointer<Double> { raw.assumingMemoryBound(to: Double.self) }

  /// The elements of a float32 tensor of a CPU worker, for collectives and hashes. The tensor must outlive the use.
  public var hostElements: UnsafeMutableBufferPointer<Float>? {
    guard dtype == .float32, storage is CPUStorage else { return nil }
    return UnsafeMutableBufferPointer(start: float32, count: count)
  }
}

extension IndexTensor {
  var pointer: UnsafeMutablePointer<Int32> {
    unsafeDowncast(storage, to: CPUStorage.self).pointer.assumingMemoryBound(to: Int32.self)
  }
}

extension CPUBackend {
  public func allocate(byteCount: Int) -> any Storage { CPUStorage(byteCount: byteCount, pool: pool) }

  public func upload(_ bytes: UnsafeRawBufferPointer, to storage: any Storage, byteOffset: Int) {
    precondition(byteOffset + bytes.count <= storage.byteCount, "\(bytes.count) bytes do not fit")
    guard let source = bytes.baseAddress else { return }
    memcpy(unsafeDowncast(storage, to: CPUStorage.self).pointer + byteOffset, source, bytes.count)
  }

  public func download(_ storage: any Storage, byteOffset: Int, to bytes: UnsafeMutableRawBufferPointer) {
    precondition(byteOffset + bytes.count <= storage.byteCount, "\(bytes.count) bytes beyond the storage")
    guard let target = bytes.baseAddress else { return }
    memcpy(target, unsafeDowncast(storage, to: CPUStorage.self).pointer + byteOffset, bytes.count)
  }
}
