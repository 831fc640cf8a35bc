import Faults
import Foundation
import Testing

@testable import WorkerProcesses

/// A real worker, `worker-probe`, and what it can do.
@Suite struct WorkerEndpointTests {
  private static func command() throws -> WorkerCommand {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let probe = (tests as NSString).deletingLastPathComponent + "/worker-probe"
    return WorkerCommand(executable: probe, arguments: ["worker-probe"])
  }

  private func start(_ setup: String = "") throws -> WorkerProcess {
    try WorkerProcess(Self.command(), setup: Array(setup.utf8))
  }

  private func ask(_ worker: WorkerProcess, _ request: String) throws -> String {
    String(decoding: try worker.answer(to: Array(request.utf8), seconds: 60, replyLimit: 1 << 24), as: UTF8.self)
  }

  @Test func `requests of any size are answered one after another`() throws {
    let worker = try start()
    for size in [0, 1, 100, 70_000, 5_000_000] {
      let text = String(repeating: "x", count: size)
      #expect(try ask(worker, text) == text)
    }
    #expect(worker.peakMemoryByteCount > 1 << 20)
    worker.end()
    #expect(worker.peakMemoryByteCount == 0)
  }

  @Test func `faults come through, of the setup and of a request`() throws {
    #expect { try start("refuse") } throws: {
      $0 as? Fault == Fault(.configuration, "No such setting", at: "the setup")
    }
    let worker = try start()
    #expect { try ask(worker, "fault") } throws: {
      $0 as? Fault == Fault(.badData, "Not to be had", at: "here", remedy: "Ask for something else")
    }
    #expect(try ask(worker, "still there") == "still there")
  }

  @Test func `it reads files and has threads, and can do no harm`() throws {
    let worker = try start()
    for request in ["read", "thread", "allocate", "raise"] { #expect(try ask(worker, request) == "done", "\(request)") }
    for request in ["write", "create", "remove", "connect", "signal", "queue", "spawn"] {
      #expect(try ask(worker, request) == "Operation not permitted", "\(request)")
    }
  }

  @Test func `it learns no key and no token of its parent`() throws {
    setenv("CANARY_TOKEN", "canary", 1)
    let names = try ask(start(), "environment").split(separator: " ").map(String.init)
    #expect(names.contains("PATH") && names.contains("SWIFT_BACKTRACE"), "\(names)")
    #expect(names.allSatisfy { !$0.contains("TOKEN") && !$0.hasPrefix("AWS_") && !$0.hasPrefix("OMPI_") }, "\(names)")
  }

  @Test func `what is beyond its memory fails to be allocated`() throws {
    #expect(try ask(start("\(800 << 20)"), "allocate") == "Cannot allocate memory")
  }

  @Test(arguments: ["trap", "abort"]) func `a crash is told by its signal`(_ request: String) throws {
    let worker = try start()
    #expect { try ask(worker, request) } throws: {
      guard case .crashed(let signal) = $0 as? WorkerFailure else { return false }
      return [SIGILL, SIGTRAP, SIGABRT].contains(signal)
    }
  }

  @Test func `it dies with the thread that started it`() throws {
    final class Box: @unchecked Sendable { var id: pid_t = 0 }
    let box = Box()
    let thread = Thread {
      guard let worker = try? WorkerProcess(Self.command(), setup: []) else { return }
      box.id = worker.processID
      // Neither ended nor released: as if the process were killed.
      _ = Unmanaged.passRetained(worker)
    }
    thread.start()
    while !thread.isFinished { usleep(1_000) }
    try #require(box.id > 0)
    var status: Int32 = 0
    #expect(waitpid(box.id, &status, 0) == box.id && status & 0x7F == SIGKILL)
  }
}
