import Foundation

/// An `mpirun` of a test's program, which lies beside the tests, under a deadline, with its output in a file.
public final class ProbeJob {
  public struct Result {
    public var status: Int32
    public var output: String
    public var seconds: Double
  }

  private let process = Process()
  private let outputURL: URL
  private let startTime = DispatchTime.now()

  /// - Parameters:
  ///   - ranks: nil starts the program without `mpirun`.
  ///   - seconds: after these the job is killed.
  public init(
    _ program: String, ranks: Int?, _ arguments: [String], seconds: Int = 60, environment extra: [String: String] = [:]
  ) throws {
    let products = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      .deletingLastPathComponent()
    let probe = products.appendingPathComponent(program).path
    let launcher = ranks.map { ["mpirun", "-n", "\($0)"] } ?? []
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["timeout", "-k", "5", "\(seconds)"] + launcher + [probe] + arguments
    var environment = ProcessInfo.processInfo.environment
    for (name, value) in [
      "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
      "OMPI_MCA_hwloc_base_binding_policy": "none",
    ] { environment[name] = value }
    environment.merge(extra) { $1 }
    process.environment = environment
    outputURL = FileManager.default.temporaryDirectory.appendingPathComponent("probe-\(UUID().uuidString).log")
    _ = FileManager.default.createFile(atPath: outputURL.path, contents: nil)
    let output = try FileHandle(forWritingTo: outputURL)
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
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
    try? FileManager.default.removeItem(at: outputURL)
  }

  public var output: String { (try? String(contentsOf: outputURL, encoding: .utf8)) ?? "" }

  /// The process id of `mpirun`, the child of `timeout`.
  public var launcherProcess: pid_t? {
    let children = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
    return (try? String(contentsOfFile: children, encoding: .utf8)).flatMap {
      $0.split(separator: " ").first.flatMap { pid_t($0) }
    }
  }

  /// Waits until `condition` holds, at most ten seconds.
  public static func wait(until condition: () -> Bool) -> Bool {
    for _ in 0..<500 {
      if condition() { return true }
      usleep(20_000)
    }
    return condition()
  }

  public func finish() -> Result {
    process.waitUntilExit()
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - startTime.uptimeNanoseconds) / 1e9
    return Result(status: process.terminationStatus, output: output, seconds: seconds)
  }
}
