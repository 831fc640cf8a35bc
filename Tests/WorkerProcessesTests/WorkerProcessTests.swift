import Faults
import Foundation
import Testing

@testable import WorkerProcesses

/// Workers that misbehave in every way, each a shell script that speaks the protocol as far as it wants to.
@Suite struct WorkerProcessTests {
  /// A worker that says it is ready, and does `script` when the first request comes.
  private func worker(_ script: String, cancellation: Cancellation = Cancellation()) throws -> WorkerProcess {
    let ready = octal(WorkerFrame.header(.ready, payloadByteCount: 0))
    return try WorkerProcess(
      shell("head -c 17 >/dev/null; printf '\(ready)' >&3; head -c 19 >/dev/null; \(script)"),
      setup: Array("setup".utf8), cancellation: cancellation)
  }

  /// bash, for dash forgets which signals are blocked.
  private func shell(_ script: String) -> WorkerCommand {
    WorkerCommand(executable: "/bin/bash", arguments: ["bash", "-c", script])
  }

  private func octal(_ bytes: [UInt8]) -> String {
    bytes.map { "\\" + String(repeating: "0", count: 3 - String($0, radix: 8).count) + String($0, radix: 8) }.joined()
  }

  private func answer(_ worker: WorkerProcess, seconds: Double = 30) throws -> [UInt8] {
    try worker.answer(to: Array("request".utf8), seconds: seconds, replyLimit: 1000)
  }

  private func isGone(_ worker: WorkerProcess) -> Bool { kill(worker.processID, 0) != 0 && errno == ESRCH }

  @Test func `an answer comes back, larger than a pipe holds`() throws {
    let size = 3_000_000
    let header = octal(WorkerFrame.header(.reply, payloadByteCount: size))
    let worker = try worker("printf '\(header)' >&3; head -c \(size) /dev/zero | tr '\\000' x >&3; exec sleep 60")
    let bytes = try worker.answer(to: Array("request".utf8), seconds: 30, replyLimit: size)
    #expect(bytes.count == size && bytes.allSatisfy { $0 == UInt8(ascii: "x") })
    worker.end()
    #expect(isGone(worker))
  }

  @Test func `a refusal is the worker's fault, thrown here`() throws {
    let fault = Fault(.badData, "Not a picture", at: "a.jpg", remedy: nil)
    let refusal = WorkerRefusal(fault).bytes
    let text = octal(WorkerFrame.header(.refusal, payloadByteCount: refusal.count) + refusal)
    let worker = try worker("printf '\(text)' >&3; exec sleep 60")
    #expect { try answer(worker) } throws: { $0 as? Fault == fault }
    #expect(!isGone(worker))
  }

  @Test(arguments: [
    ("kill -SEGV $$", WorkerFailure.crashed(signal: SIGSEGV)),
    ("kill -KILL $$", WorkerFailure.crashed(signal: SIGKILL)),
    ("exit 3", WorkerFailure.ended(code: 3)),
    ("printf 'not a frame, but long enough' >&3; exec sleep 60", WorkerFailure.garbled),
    ("printf 'short' >&3; exit 0", WorkerFailure.ended(code: 0)),
    ("exec sleep 60", WorkerFailure.hung(seconds: 0.3)),
    ("while :; do :; done", WorkerFailure.hung(seconds: 0.3)),
  ])
  func `a worker that gives no answer is told by how it failed, and gone`(_ script: String, _ failure: WorkerFailure)
    throws
  {
    let worker = try worker(script)
    let seconds = if case .hung(let seconds) = failure { seconds } else { 30.0 }
    #expect { try answer(worker, seconds: seconds) } throws: { $0 as? WorkerFailure == failure }
    #expect(isGone(worker))
  }

  @Test func `an answer that promises more than it may is not believed`() throws {
    let header = octal(WorkerFrame.header(.reply, payloadByteCount: 1001))
    let worker = try worker("printf '\(header)' >&3; exec sleep 60")
    #expect { try answer(worker) } throws: { $0 as? WorkerFailure == .garbled }
  }

  @Test func `an answer that comes in drops is hung, however many come`() throws {
    let header = octal(WorkerFrame.header(.reply, payloadByteCount: 900))
    let worker = try worker("printf '\(header)' >&3; while :; do printf x >&3; sleep 0.05; done")
    #expect { try answer(worker, seconds: 1) } throws: { $0 as? WorkerFailure == .hung(seconds: 1) }
  }

  @Test func `a worker that reads nothing is hung, and one that is gone has crashed`() throws {
    let large = [UInt8](repeating: 0, count: 8 << 20)
    for (script, seconds, failure) in [
      ("exec sleep 60", 0.3, WorkerFailure.hung(seconds: 0.3)), ("kill -ABRT $$", 30, .crashed(signal: SIGABRT)),
    ] {
      let worker = try worker(script)
      #expect { try worker.answer(to: large, seconds: seconds, replyLimit: 1000) } throws: {
        $0 as? WorkerFailure == failure
      }
    }
  }

  @Test func `a cancelled wait ends at once`() throws {
    let cancellation = Cancellation()
    let worker = try worker("exec sleep 60", cancellation: cancellation)
    cancellation.raise()
    #expect { try answer(worker, seconds: 60) } throws: { $0 as? WorkerFailure == .cancelled }
    #expect(isGone(worker))
  }

  @Test func `a worker that does not begin is no fault of any work`() throws {
    #expect { try WorkerProcess(shell("exit 1"), setup: []) } throws: {
      let fault = $0 as? Fault
      return fault?.code == .internalError && fault?.what.contains("does not start") == true
    }
    #expect { try WorkerProcess(shell("exec sleep 60"), setup: [], seconds: 0.2) } throws: {
      ($0 as? Fault)?.code == .internalError
    }
    let missing = WorkerCommand(executable: "/nowhere/worker", arguments: ["worker"])
    #expect { try WorkerProcess(missing, setup: []) } throws: { ($0 as? Fault)?.place == "/nowhere/worker" }
  }

  @Test func `it sees three descriptors and standard error, and none of the run's stop signals`() throws {
    let sentinel = open("/dev/null", O_RDONLY)
    #expect(fcntl(sentinel, F_DUPFD, 40) >= 40)  // one that a careless exec would pass on
    let header = octal(WorkerFrame.header(.reply, payloadByteCount: 8))
    let worker = try worker(
      "kill -INT $$; kill -TERM $$; printf '\(header)' >&3; cd /proc/$$/fd; printf '%s ' [0-9]* | head -c 8 >&3; exec sleep 60"
    )
    #expect(String(decoding: try answer(worker), as: UTF8.self) == "0 1 2 3 ")
    close(sentinel)
  }
}
