import CLinux
import Faults
import Glibc

/// The two ends of a connection, this process's and the worker's, closed at `exec` and when the pair goes.
final class DescriptorPair {
  private var own: Int32
  private(set) var worker: Int32

  private init(own: Int32, worker: Int32, call: String) throws {
    // Away from the numbers that the worker's ends will have, so that giving one does not close another.
    self.own = fcntl(own, F_DUPFD_CLOEXEC, 16)
    self.worker = fcntl(worker, F_DUPFD_CLOEXEC, 16)
    let code = errno
    close(own)
    close(worker)
    if self.own < 0 || self.worker < 0 {
      closeBoth()
      throw Fault.system("fcntl", path: "\(call) of a worker process", errno: code)
    }
  }

  deinit { closeBoth() }

  /// Two ends for bytes to the worker.
  static func socket() throws -> DescriptorPair {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw Fault.system("socketpair", path: "a worker process", errno: errno)
    }
    return try DescriptorPair(own: ends[0], worker: ends[1], call: "socketpair")
  }

  /// Two ends for bytes from the worker; this process's does not block.
  static func pipe() throws -> DescriptorPair {
    var ends: [Int32] = [-1, -1]
    guard sgmn_pipe(&ends) == 0 else { throw Fault.system("pipe", path: "a worker process", errno: errno) }
    let pair = try DescriptorPair(own: ends[0], worker: ends[1], call: "pipe")
    guard fcntl(pair.own, F_SETFL, O_NONBLOCK) == 0 else {
      throw Fault.system("fcntl", path: "the pipe of a worker process", errno: errno)
    }
    return pair
  }

  /// This process's end, now the caller's to close.
  func takeOwn() -> Int32 {
    defer { own = -1 }
    return own
  }

  func closeBoth() {
    if own >= 0 { close(own) }
    if worker >= 0 { close(worker) }
    (own, worker) = (-1, -1)
  }
}
