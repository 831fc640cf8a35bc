import DurableFiles
import Faults
import Foundation

/// The numbers of a run, a JSON object a line: `{"step":120,"time":1763684101.123,"loss":2.31,…}`.
///
/// A line is in the file when `append` returns, so that the lines of a killed run can be read, and the file survives
/// resuming: it then goes on as if the run had never stopped. Written by one rank, from one thread at a time.
public final class MetricsLog {
  public let path: String
  private var descriptor: Int32

  /// Opens the log, which is created where it does not exist.
  ///
  /// - Parameter restoredStep: The step the run goes on from. Lines of later steps, which will be written again, are
  ///   dropped; 0 starts anew. A last line that a crash has cut is dropped, too.
  /// - Parameter field: Lines of the restored step itself that have this field are dropped, too.
  /// - Throws: a `Fault` when the file cannot be read or written.
  public init(path: String, restoredStep: Int, dropping field: String? = nil) throws {
    self.path = path
    descriptor = -1
    try Self.repair(path, restoredStep: restoredStep, dropping: field)
    descriptor = try systemCall("open", path: path, missing: .outputUnavailable) {
      open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    }
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Appends one line, in the order of `fields`, after `step` and the time of now.
  public func append(step: Int, _ fields: [(name: String, value: MetricValue)]) throws {
    precondition(descriptor >= 0, "append to the closed log \(path)")
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let milliseconds = String(now.tv_nsec / 1_000_000 + 1_000).dropFirst()
    var line = "{\"step\":\(step),\"time\":\(now.tv_sec).\(milliseconds)"
    for (name, value) in fields { line += "," + MetricValue.quoted(name) + ":" + value.json }
    try write(Array((line + "}\n").utf8))
  }

  /// Appends one line, in the order of `fields`, after `step` and the time of now.
  public func append(step: Int, _ fields: KeyValuePairs<String, MetricValue>) throws {
    try append(step: step, fields.map { (name: $0.key, value: $0.value) })
  }

  /// Waits until the lines are on the disk: before a checkpoint that they belong to.
  public func synchronize() throws {
    precondition(descriptor >= 0, "synchronize the closed log \(path)")
    try systemCall("fsync", path: path) { fsync(descriptor) }
  }

  /// Closes the file; append nothing after it.
  public func close() throws {
    guard descriptor >= 0 else { return }
    defer {
      Glibc.close(descriptor)
      descriptor = -1
    }
    try synchronize()
  }

  private func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw Fault.system("write", path: path, errno: errno)
      }
    }
  }
}

extension MetricsLog {
  /// Rewrites the file, whole or not at all, without the lines that do not belong to a run restored at `restoredStep`.
  private static func repair(_ path: String, restoredStep: Int, dropping field: String?) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw Fault.system("stat", path: path, errno: errno)
    }
    let bytes = try FileReader.contents(of: path, limit: 4 << 30)
    let kept = keptLines(bytes, restoredStep: restoredStep, dropping: field)
    if kept.count != bytes.count { try DurableFile.write(kept, to: path) }
  }

  /// The whole lines of `bytes` that are objects with a step of at most `restoredStep`, but for those of that step with
  /// `field`; when it is 0, none.
  static func keptLines(_ bytes: [UInt8], restoredStep: Int, dropping field: String? = nil) -> [UInt8] {
    guard restoredStep > 0 else { return [] }
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    var start = 0
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      if let object = object(bytes[start..<end]), let step = object["step"] as? Int, step <= restoredStep,
        step < restoredStep || field.map({ object[$0] == nil }) ?? true
      {
        kept += bytes[start...end]
      }
      start = end + 1
    }
    return kept
  }

  /// The most bytes of a line: none that is written has a hundredth of them.
  private static let lineByteLimit = 1 << 20

  private static func object(_ line: ArraySlice<UInt8>) -> [String: Any]? {
    guard line.count <= lineByteLimit else { return nil }
    return (try? JSONSerialization.jsonObject(with: Data(line))) as? [String: Any]
  }
}
