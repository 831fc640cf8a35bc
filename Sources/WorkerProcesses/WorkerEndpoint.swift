import CLinux
import Faults
import Glibc

/// The worker's side: takes requests one after another and answers each, until the process that asks is gone.
///
/// One thread; nothing is read ahead.
public struct WorkerEndpoint: ~Copyable {
  /// The most bytes of a request.
  private static let requestLimit = 256 << 20

  /// Bounds what this process may do before it takes the first request; call it once, from `main`, in a process that a
  /// `WorkerProcess` started.
  ///
  /// It dies with the thread that started it, gains no rights, leaves no core file, opens at most 64 files at a time, and
  /// keeps the memory that one request took for the next. It may read files, but not change any, start no process and open no connection.
  public init() throws {
    guard sgmn_die_with_parent() == 0, sgmn_gain_no_rights() == 0 else {
      throw Fault.system("prctl", path: "a worker process", errno: errno)
    }
    // Kernels without such filters, which are rare, go without.
    guard sgmn_confine() == 0 || errno == EINVAL else {
      throw Fault.system("seccomp", path: "a worker process", errno: errno)
    }
    sgmn_keep_freed_memory(64 << 20)
    // A parent that died before the line above has closed the socket: the first read then ends this process.
    try WorkerEndpoint.limit(Int32(RLIMIT_CORE.rawValue), to: 0)
    try WorkerEndpoint.limit(Int32(RLIMIT_NOFILE.rawValue), to: 64)
  }

  /// Sets by how many bytes the address space may grow from now on; what is beyond fails to be allocated. What the program
  /// and its libraries take by themselves is no matter of the work.
  public func limitAddressSpace(growth byteCount: Int) throws {
    try WorkerEndpoint.limit(Int32(RLIMIT_AS.rawValue), to: WorkerEndpoint.mappedByteCount() + byteCount)
  }

  /// The address space that this process takes, in bytes.
  private static func mappedByteCount() throws -> Int {
    let path = "/proc/self/statm"
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Fault.system("open", path: path, errno: errno) }
    defer { close(descriptor) }
    var text = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &text, text.count)
    guard count > 0, let pages = Int(String(decoding: text[..<count].prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self))
    else { throw Fault(.internalError, "No number of pages", at: path) }
    return pages * Int(getpagesize())
  }

  private static func limit(_ resource: Int32, to value: Int) throws {
    var limits = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
    guard setrlimit(__rlimit_resource_t(UInt32(resource)), &limits) == 0 else {
      throw Fault.system("setrlimit", path: "a worker process", errno: errno)
    }
  }

  /// Begins with what `prepare` makes of the setup, then answers each request with what `work` makes of it. Returns
  /// when the other side closes the connection.
  ///
  /// A `Fault` that `prepare` or `work` throws is the answer; after one of `prepare` this returns.
  public func serve<Tools>(prepare: ([UInt8]) throws -> Tools, work: (Tools, [UInt8]) throws -> [UInt8]) throws {
    guard let setup = try receive(.setup) else { return }
    let tools: Tools
    do {
      tools = try prepare(setup)
    } catch let fault as Fault {
      return try send(.refusal, WorkerRefusal(fault).bytes)
    }
    try send(.ready, [])
    while let request = try receive(.request) {
      do {
        try send(.reply, work(tools, request))
      } catch let fault as Fault {
        try send(.refusal, WorkerRefusal(fault).bytes)
      }
    }
  }

  private func receive(_ expected: WorkerFrame.Kind) throws -> [UInt8]? {
    guard let header = try bytes(WorkerFrame.headerByteCount) else { return nil }
    guard let (kind, count) = WorkerFrame.parse(header, limit: WorkerEndpoint.requestLimit), kind == expected else {
      throw Fault(.usage, "Standard input is not a connection to sgmn-shard", remedy: "Do not start a worker by hand")
    }
    return try bytes(count)
  }

  /// The next `count` bytes; nil where the connection ends before.
  private func bytes(_ count: Int) throws -> [UInt8]? {
    let result = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let got = read(WorkerProcess.requestDescriptor, buffer.baseAddress! + initialized, count - initialized)
        if got < 0, errno == EINTR { continue }
        guard got >= 0 else { throw Fault.system("read", path: "the connection of a worker", errno: errno) }
        if got == 0 { return }
        initialized += got
      }
    }
    return result.count == count ? result : nil
  }

  private func send(_ kind: WorkerFrame.Kind, _ payload: [UInt8]) throws {
    for part in [WorkerFrame.header(kind, payloadByteCount: payload.count), payload] {
      var sent = 0
      while sent < part.count {
        let count = part.withUnsafeBytes {
          write(WorkerProcess.replyDescriptor, $0.baseAddress! + sent, part.count - sent)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw Fault.system("write", path: "the connection of a worker", errno: errno) }
        sent += count
      }
    }
  }
}
