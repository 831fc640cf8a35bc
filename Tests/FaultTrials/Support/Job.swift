import Foundation

/// A command that runs: its output so far, its processes, and how it ends.
package final class Job {
  package struct Result {
    /// The exit code, that of `mpirun` where there are ranks; 128 + n where signal n ended it.
    package var status: Int32
    package var standardOutput: String
    package var standardError: String
    package var seconds: Double
    /// Processes of the job that still live a moment after its end.
    package var survivors: [pid_t]

    /// Everything it said, for the message of a failed expectation.
    package var text: String { standardError + standardOutput }

    /// The step that the run went on from; 0 where it began, nil where it did not get as far.
    package var resumedStep: Int? {
      let mark = "resumed at step "
      if let place = standardError.range(of: mark) {
        return Int(standardError[place.upperBound...].prefix { $0.isNumber })
      }
      return standardError.contains(Job.loopMark) ? 0 : nil
    }

    /// The steps whose checkpoints the log calls saved.
    package var savedSteps: [Int] {
      standardError.components(separatedBy: "checkpoint of step ").dropFirst()
        .compactMap { Int($0.prefix { $0.isNumber }) }
    }

    /// How many lines of standard error hold `part`.
    package func lineCount(_ part: String) -> Int {
      standardError.split(separator: "\n").count { $0.contains(part) }
    }
  }

  private let process = Process()
  private let outputPath: String
  private let errorPath: String
  private let startTime = DispatchTime.now()
  /// Every process of the job inherits it, and no other process has it.
  private let mark = "SGMN_TEST_JOB=\(UUID().uuidString)"

  package init(_ command: Command) throws {
    let base = NSTemporaryDirectory() + "sgmn-job-\(UUID().uuidString)"
    (outputPath, errorPath) = (base + ".out", base + ".err")
    var environment = try command.environment()
    environment["SGMN_TEST_JOB"] = String(mark.dropFirst("SGMN_TEST_JOB=".count))
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command.words
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try Job.create(outputPath)
    process.standardError = try Job.create(errorPath)
    // Test threads block signals, and a launcher that inherits their mask hears none.
    var all = sigset_t()
    var mask = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_UNBLOCK, &all, &mask)
    defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
    try process.run()
  }

  deinit {
    if process.isRunning { process.terminate() }
    unlink(outputPath)
    unlink(errorPath)
  }

  private static func create(_ path: String) throws -> FileHandle {
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }

  package var standardOutput: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
  package var standardError: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

  /// The processes that the job has now, each with its rank; nil for `timeout` and `mpirun`.
  package var processes: [(id: pid_t, rank: Int?)] {
    let ids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    return ids.compactMap { id in
      guard let data = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(id)/environ")) else { return nil }
      let variables = String(decoding: data, as: UTF8.self).split(separator: "\0")
      guard variables.contains(where: { $0 == mark }) else { return nil }
      let name = "OMPI_COMM_WORLD_RANK="
      return (id, variables.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) })
    }
  }

  /// What rank 0 says when everything is ready and the first step begins.
  static let loopMark = " steps of "

  /// Whether the first step has begun.
  package var isInLoop: Bool { standardError.contains(Job.loopMark) }

  package var isRunning: Bool { process.isRunning }

  /// The decoders of a build.
  package var workers: [pid_t] {
    processes.map(\.id).filter { id in
      let words = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(id)/cmdline"))) ?? Data()
      return words.split(separator: 0).contains { $0.elementsEqual("decode-worker".utf8) }
    }
  }

  /// Stops the decoders of a build, so that it waits for them; false where there are none.
  package func holdWorkers() -> Bool {
    let workers = workers
    for worker in workers { kill(worker, SIGSTOP) }
    return !workers.isEmpty
  }

  /// Sends a signal to one rank; false where it does not live.
  package func signal(_ number: Int32, rank: Int) -> Bool {
    guard let id = processes.first(where: { $0.rank == rank })?.id else { return false }
    return kill(id, number) == 0
  }

  /// Sends a signal to `mpirun`, the child of `timeout`; false where it does not live.
  package func signalLauncher(_ number: Int32) -> Bool {
    let timeout = process.processIdentifier
    let children = try? String(contentsOfFile: "/proc/\(timeout)/task/\(timeout)/children", encoding: .utf8)
    guard let id = children?.split(separator: " ").first.flatMap({ pid_t($0) }) else { return false }
    return kill(id, number) == 0
  }

  /// Looks every few milliseconds whether `condition` holds; false where the job ends or the deadline passes before.
  package func wait(seconds: Double = 60, milliseconds: UInt32 = 10, until condition: () -> Bool) -> Bool {
    let end = DispatchTime.now() + seconds
    while process.isRunning, DispatchTime.now() < end {
      if condition() { return true }
      usleep(milliseconds * 1000)
    }
    return condition()
  }

  /// Waits so long for the end; false where it does not come.
  package func ends(within seconds: Double) -> Bool { wait(seconds: seconds) { !process.isRunning } }

  /// What its processes are at, for the message of a job that does not end: `rank 1: sgmn-train (pid 7), state S in
  /// futex_wait_queue`.
  package var state: String {
    let all = processes.map { id, rank in
      func line(_ file: String) -> String {
        let text = (try? String(contentsOfFile: "/proc/\(id)/\(file)", encoding: .utf8)) ?? "gone"
        return text.split(separator: "\n").first.map(String.init) ?? ""
      }
      let letter = line("stat").split(separator: ")").last?.split(separator: " ").first ?? "?"
      let who = rank.map { "rank \($0)" } ?? "no rank"
      return "\(who): \(line("comm")) (pid \(id)), state \(letter) in \(line("wchan"))"
    }
    return "\(all.joined(separator: "; ")); it said: \(standardError.suffix(1000))"
  }

  package func finish() -> Result {
    process.waitUntilExit()
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - startTime.uptimeNanoseconds) / 1e9
    // A killed process that waits for a disk is there until the disk has answered.
    for _ in 0..<500 where !processes.isEmpty { usleep(20_000) }
    let status = process.terminationStatus
    return Result(
      status: process.terminationReason == .exit ? status : 128 + status, standardOutput: standardOutput,
      standardError: standardError,
      seconds: seconds, survivors: processes.map(\.id))
  }
}
