import Foundation

/// The Python that has PyTorch, transformers and onnxruntime, made ready by scripts/fetch-references.
public enum ReferencePython {
  /// The interpreter; nil where it could not be had, and the tests that need it are skipped.
  public static let path: String? = {
    let file = root.appendingPathComponent(".build/references/python.path")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
    let path = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  /// Runs scripts/references/NAME with arguments; what it prints, or an error with what it complained of.
  @discardableResult
  public static func run(_ name: String, _ arguments: [String] = []) throws -> String {
    guard let path else { throw Failure(description: "no Python: run scripts/fetch-references") }
    let process = Process()
    let (output, complaints) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = [root.appendingPathComponent("scripts/references/\(name)").path] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
    (process.standardOutput, process.standardError) = (output, complaints)
    try process.run()
    // Both pipes are read at once: a script that fills one would else wait for ever.
    let complaint = Reading(complaints.fileHandleForReading)
    let text = allBytes(output.fileHandleForReading)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(name) ended with \(process.terminationStatus): \(complaint.text.suffix(2_000))")
    }
    return String(decoding: text, as: UTF8.self)
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// The package, three folders above this file.
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
}

/// What comes out of a pipe until its end. `FileHandle` traps where a signal, as of a child that has ended, interrupts it.
private func allBytes(_ handle: FileHandle) -> Data {
  var data = Data()
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(handle.fileDescriptor, &buffer, buffer.count)
    if count > 0 { data.append(contentsOf: buffer[..<count]) }
    if count == 0 || (count < 0 && errno != EINTR) { return data }
  }
}

/// What comes out of a pipe, read by a thread of its own.
private final class Reading: @unchecked Sendable {
  private var data = Data()
  private let done = DispatchSemaphore(value: 0)

  init(_ handle: FileHandle) {
    Thread.detachNewThread {
      self.data = allBytes(handle)
      self.done.signal()
    }
  }

  /// Once.
  var text: String {
    done.wait()
    return String(decoding: data, as: UTF8.self)
  }
}
