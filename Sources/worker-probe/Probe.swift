import Faults
@preconcurrency import Glibc
import WorkerProcesses

/// A worker that tries what it is asked to, and answers how that went.
@main
enum Probe {
  static func main() throws {
    let endpoint = try WorkerEndpoint()
    try endpoint.serve(
      prepare: { setup in
        let text = String(decoding: setup, as: UTF8.self)
        if let limit = Int(text) { try endpoint.limitAddressSpace(growth: limit) }
        guard text != "refuse" else { throw Fault(.configuration, "No such setting", at: "the setup") }
      },
      work: { _, request in Array(try attempt(String(decoding: request, as: UTF8.self)).utf8) })
  }

  /// `done`, or the error that the system gives.
  private static func attempt(_ what: String) throws -> String {
    func told(_ status: Int) -> String { status >= 0 ? "done" : String(cString: strerror(errno)) }
    switch what {
    case "read": return told(Int(open("/etc/hostname", O_RDONLY)))
    case "write": return told(Int(open("/dev/null", O_WRONLY)))
    case "create": return told(Int(open("/tmp/worker-probe", O_RDONLY | O_CREAT, 0o600)))
    case "remove": return told(Int(unlink("/tmp/worker-probe")))
    case "connect": return told(Int(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)))
    case "signal": return told(Int(kill(getppid(), 0)))
    case "queue": return told(Int(sigqueue(getppid(), 0, sigval())))
    case "raise": return told(Int(raise(SIGURG)))  // which is ignored
    case "environment": return ProcessEnvironment.names.joined(separator: " ")
    case "spawn":
      var process = pid_t()
      var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
      errno = posix_spawn(&process, "/bin/true", nil, nil, &arguments, environ)
      return told(errno == 0 ? 0 : -1)
    case "thread":
      var thread = pthread_t()
      errno = pthread_create(&thread, nil, { _ in nil }, nil)
      return errno == 0 ? told(Int(pthread_join(thread, nil))) : told(-1)
    case "allocate":
      let memory = malloc(1 << 30)
      defer { free(memory) }
      return told(memory == nil ? -1 : 0)
    case "fault": throw Fault(.badData, "Not to be had", at: "here", remedy: "Ask for something else")
    case "trap": preconditionFailure("as asked")
    case "abort": abort()
    default: return what
    }
  }
}

/// The variables that this process was given.
private enum ProcessEnvironment {
  static var names: [String] {
    var names: [String] = []
    var next = environ
    while let entry = next.pointee {
      names.append(String(String(cString: entry).prefix { $0 != "=" }))
      next += 1
    }
    return names
  }
}
