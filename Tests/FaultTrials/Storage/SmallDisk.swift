import Foundation

/// A file system of a few KiB in memory, seen by the processes that enter it, and gone with the one that holds it.
final class SmallDisk {
  private let holder = Process()
  /// Of the process in whose view of the file systems it is mounted.
  private let id: pid_t
  /// Where jobs find it.
  let path: String
  /// Where this process finds it.
  var outside: String { "/proc/\(id)/root\(path)" }

  /// Whether this user may mount one.
  static let isAvailable: Bool = (try? SmallDisk(kibibytes: 64)) != nil

  init(kibibytes: Int) throws {
    path = try World.shared().folder + "/disk-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let script = "mount -t tmpfs -o size=\(kibibytes)k none '\(path)' && echo $$ && exec sleep 600"
    let output = Pipe()
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    holder.arguments = ["unshare", "-m", "sh", "-c", script]
    holder.standardInput = FileHandle.nullDevice
    holder.standardOutput = output
    holder.standardError = FileHandle.nullDevice
    try holder.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    guard let id = pid_t(line.trimmingCharacters(in: .newlines)) else {
      throw TrialFailure("no small file system can be mounted here")
    }
    self.id = id
  }

  deinit {
    holder.terminate()
    holder.waitUntilExit()
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Gives it another size; what is on it stays.
  func resize(kibibytes: Int) throws {
    let words = ["-t", "\(id)", "-m", "mount", "-o", "remount,size=\(kibibytes)k", path]
    let result = try Command("nsenter", words).run()
    guard result.status == 0 else { throw TrialFailure(result.text) }
  }

  /// The bytes that are free.
  func freeByteCount() throws -> Int {
    let attributes = try FileManager.default.attributesOfFileSystem(forPath: outside + "/.")
    return (attributes[.systemFreeSize] as? NSNumber)?.intValue ?? 0
  }

  /// The command, among processes that see it.
  func inside(_ command: Command) -> Command {
    var inside = command
    inside.launcherPrefix = ["nsenter", "-t", "\(id)", "-m"]
    return inside
  }
}
