import Foundation

/// A run of `storage-probe`.
final class Probe {
  private let process = Process()
  private let input = Pipe()
  private let log: URL

  init(_ arguments: [String]) throws {
    let products = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      .deletingLastPathComponent()
    log = FileManager.default.temporaryDirectory.appendingPathComponent("storage-probe-\(UUID().uuidString).log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    let output = try FileHandle(forWritingTo: log)
    process.executableURL = products.appendingPathComponent("storage-probe")
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    // A proxy that is not there: servers on this machine are reached without it.
    process.environment = ["http_proxy": "http://127.0.0.1:9", "all_proxy": "http://127.0.0.1:9"]
    try process.run()
  }

  deinit {
    if process.isRunning { kill() }
    try? FileManager.default.removeItem(at: log)
  }

  var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  var isRunning: Bool { process.isRunning }

  /// Ends it as a power cut would: without a chance to clean up.
  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Waits for its end; the exit status.
  func finish() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Waits until `condition` holds, at most ten seconds.
  static func wait(until condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<1_000 {
      if try condition() { return true }
      usleep(10_000)
    }
    return try condition()
  }
}
