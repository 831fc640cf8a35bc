import CLinux
import Faults
import Glibc

/// A child process that answers one request after another, and may crash or hang without harm to this one.
///
/// Requests go through a socket (a write to a dead worker is an error there and no signal), answers come through a
/// pipe. The worker sees no other descriptor of this process but standard error, and the signals that stop a run do
/// not reach it. It does not outlive the thread that started it: use it on that thread alone.
public final class WorkerProcess {
  /// The numbers of the worker's two descriptors.
  static let (requestDescriptor, replyDescriptor): (Int32, Int32) = (0, 3)
  static let pipeByteCount: Int32 = 1 << 20

  public let processID: pid_t
  private let cancellation: Cancellation
  private var requests: Int32
  private var replies: Int32
  private var isRunning = true

  /// Starts `command`, sends it `setup`, and waits until it is ready.
  ///
  /// Throws the `Fault` that the worker refuses to begin with or of the call that fails, and `Fault(.internalError)`
  /// where it does not begin within `seconds`: that is no fault of any piece of work.
  public init(
    _ command: WorkerCommand, setup: [UInt8], seconds: Double = 60, cancellation: Cancellation = Cancellation()
  ) throws {
    self.cancellation = cancellation
    let request = try DescriptorPair.socket()
    let reply = try DescriptorPair.pipe()
    processID = try WorkerProcess.spawn(command, requests: request.worker, replies: reply.worker)
    (requests, replies) = (request.takeOwn(), reply.takeOwn())
    request.closeBoth()
    reply.closeBoth()
    // More at a time for less waiting on each other; the system's own size does as well, only slower.
    _ = sgmn_resize_pipe(replies, WorkerProcess.pipeByteCount)
    do {
      let (kind, payload) = try exchange(.setup, setup, seconds: seconds, replyLimit: 1 << 20)
      if kind == .refusal { throw try WorkerRefusal(payload).fault }
      guard kind == .ready else { throw WorkerFailure.garbled }
    } catch let failure as WorkerFailure where failure != .cancelled {
      end()
      throw Fault(
        .internalError, "A worker process does not start: \(failure)", at: command.executable,
        remedy: "See what it says on standard error")
    } catch {
      end()
      throw error
    }
  }

  deinit { end() }

  /// The answer to one request: the bytes of a reply, or the fault of a refusal, thrown.
  ///
  /// - Parameters:
  ///   - seconds: the most time the worker may take, less any time in which this process itself was stopped.
  ///   - replyLimit: the most bytes of an answer.
  ///
  /// Throws `WorkerFailure` where there is no answer; the worker has ended then, and serves no further request.
  public func answer(to request: [UInt8], seconds: Double, replyLimit: Int) throws -> [UInt8] {
    precondition(isRunning, "a request to a worker that has ended")
    let (kind, payload): (WorkerFrame.Kind, [UInt8])
    do {
      (kind, payload) = try exchange(.request, request, seconds: seconds, replyLimit: replyLimit)
      if kind == .refusal { throw try WorkerRefusal(payload).fault }
      guard kind == .reply else { throw WorkerFailure.garbled }
    } catch let fault as Fault {
      throw fault
    } catch {
      end()
      throw error
    }
    return payload
  }

  /// The greatest resident memory of the worker so far; 0 once it has ended.
  public var peakMemoryByteCount: Int {
    let descriptor = open("/proc/\(processID)/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = max(0, read(descriptor, &bytes, bytes.count))
    let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
    let words = lines.first { $0.hasPrefix("VmHWM:") }?.split(separator: " ") ?? []
    return words.lazy.compactMap { Int($0) }.first.map { $0 * 1024 } ?? 0
  }

  /// Ends the worker and waits until it is gone; twice is fine.
  public func end() {
    guard isRunning else { return }
    hangUp()
    kill(processID, SIGKILL)
    _ = waitForEnd()
    isRunning = false
  }

  private func hangUp() {
    if requests >= 0 { close(requests) }
    if replies >= 0 { close(replies) }
    (requests, replies) = (-1, -1)
  }

  private func exchange(_ kind: WorkerFrame.Kind, _ payload: [UInt8], seconds: Double, replyLimit: Int) throws
    -> (kind: WorkerFrame.Kind, payload: [UInt8])
  {
    var patience = Patience(seconds: seconds, cancellation: cancellation)
    try send(WorkerFrame.header(kind, payloadByteCount: payload.count), &patience)
    try send(payload, &patience)
    let header = try receive(WorkerFrame.headerByteCount, &patience)
    guard let (answer, count) = WorkerFrame.parse(header, limit: replyLimit) else { throw WorkerFailure.garbled }
    return (answer, try receive(count, &patience))
  }

  private func send(_ bytes: [UInt8], _ patience: inout Patience) throws {
    var sent = 0
    while sent < bytes.count {
      try patience.wait(for: Int16(POLLOUT), on: requests)
      let count = bytes.withUnsafeBytes {
        Glibc.send(requests, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count >= 0 {
        sent += count
      } else if errno == EPIPE || errno == ECONNRESET {
        throw howItEnded()
      } else if errno != EAGAIN && errno != EINTR {
        throw Fault.system("send", path: "worker process \(processID)", errno: errno)
      }
    }
  }

  private func receive(_ byteCount: Int, _ patience: inout Patience) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
      while initialized < byteCount {
        try patience.wait(for: Int16(POLLIN), on: replies)
        let count = read(replies, buffer.baseAddress! + initialized, byteCount - initialized)
        if count > 0 {
          initialized += count
        } else if count == 0 {
          throw howItEnded()
        } else if errno != EAGAIN && errno != EINTR {
          throw Fault.system("read", path: "worker process \(processID)", errno: errno)
        }
      }
    }
  }

  /// What became of a worker that closed its end; one that lives on is not understood, and killed.
  private func howItEnded() -> WorkerFailure {
    hangUp()
    if let failure = waitForEnd(seconds: 5) { return failure }
    return .garbled
  }

  /// Waits for the end; nil where it does not come in time. A process that not even SIGKILL ends, as one that waits for
  /// a dead file server, is left to the system.
  private func waitForEnd(seconds: Double = 5) -> WorkerFailure? {
    var status: Int32 = 0
    var pause: UInt32 = 100
    var waited = 0.0
    while waited < seconds {
      let result = waitpid(processID, &status, WNOHANG)
      if result == processID {
        isRunning = false
        let signal = sgmn_end_signal(status)
        return signal != 0 ? .crashed(signal: signal) : .ended(code: sgmn_exit_code(status))
      }
      if result < 0, errno != EINTR { break }
      usleep(pause)
      waited += Double(pause) / 1e6
      pause = min(2 * pause, 50_000)
    }
    return nil
  }
}
