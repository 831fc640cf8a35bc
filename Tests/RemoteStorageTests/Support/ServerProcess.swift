import Foundation

/// A server that a test started: a Python script that ends when its standard input closes, so with the test at the latest.
final class ServerProcess: @unchecked Sendable {
  /// The first line that it printed.
  let greeting: String
  private let process = Process()
  private let input = Pipe()

  static let fixtures = Bundle.module.resourceURL!.appendingPathComponent("Fixtures")

  init?(_ python: String, _ script: String, _ arguments: [String], environment: [String: String]? = nil) {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, ServerProcess.fixtures.appendingPathComponent(script).path] + arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    if let environment { process.environment = environment }
    guard (try? process.run()) != nil else { return nil }
    var line = Data()
    while line.last != 10 {
      let byte = output.fileHandleForReading.readData(ofLength: 1)
      if byte.isEmpty { return nil }
      line += byte
    }
    greeting = String(decoding: line.dropLast(), as: UTF8.self)
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Whether a command ends well.
  static func succeeds(_ command: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
