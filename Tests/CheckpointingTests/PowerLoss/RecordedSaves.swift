import Foundation
import Testing

/// What `checkpoint-probe` asked of the file system, call by call, as strace saw it.
enum RecordedCall: Equatable {
  case createFile(String)
  case createFolder(String)
  case write(String, [UInt8])
  case sync(String)
  case rename(String, String)
  case removeFile(String)
  case removeFolder(String)
  /// The probe says that its save of this number has returned.
  case saved(Int)
}

enum RecordedSaves {
  /// Whether strace is there and may look at a process.
  static let canTrace: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["strace", "-o", "/dev/null", "true"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  /// Every call that changes a file system. One that the parser does not know fails the test rather than be left out.
  private static let calls = [
    "openat", "open", "creat", "write", "pwrite64", "writev", "fsync", "fdatasync", "rename", "renameat", "renameat2",
    "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "ftruncate", "truncate", "link", "linkat", "symlink",
    "symlinkat",
  ]

  /// Runs the probe in an empty folder. Paths are relative to it.
  static func record(in folder: String) throws -> [RecordedCall] {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let probe = (own as NSString).deletingLastPathComponent + "/checkpoint-probe"
    let trace = folder + ".trace"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // -xx: texts as hexadecimal numbers, so that none of their bytes looks like the trace's own.
    process.arguments = [
      "timeout", "-k", "5", "60", "strace", "-o", trace, "-y", "-xx", "-s", "1000000",
      "-e", "trace=" + calls.joined(separator: ","), probe, folder,
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    defer { try? FileManager.default.removeItem(atPath: trace) }
    #expect(process.terminationStatus == 0)
    let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
    return try lines.compactMap { try call(String($0), root: folder) }
  }

  struct UnknownCall: Error { var line: String }

  /// The change that a line of the trace made; nil for one that changed nothing in the folder.
  static func call(_ line: String, root: String) throws -> RecordedCall? {
    guard let open = line.firstIndex(of: "("), let end = line.range(of: #"\)\s+= "#, options: [.regularExpression])
    else {
      return nil
    }
    let name = String(line[..<open])
    let result = line[end.upperBound...]
    guard !result.hasPrefix("-1") else { return nil }
    let texts = hexadecimalTexts(line[open..<end.lowerBound])
    let paths = texts.map { String(decoding: $0, as: UTF8.self) }
    func path(_ index: Int) -> String? {
      guard paths.indices.contains(index), paths[index] == root || paths[index].hasPrefix(root + "/") else {
        return nil
      }
      return String(paths[index].dropFirst(root.count + 1))
    }
    switch name {
    case "openat":  // texts: the current folder, the path
      guard line.contains("O_CREAT") else { return nil }
      guard line.contains("O_EXCL") || path(1) == nil else { throw UnknownCall(line: line) }
      return path(1).map { .createFile($0) }
    case "write":
      if line.hasPrefix("write(1<"), texts.count == 2 {
        return Int(paths[1].split(whereSeparator: \.isWhitespace).last ?? "").map { .saved($0) }
      }
      guard let file = path(0) else { return nil }
      guard texts.count == 2, Int(result) == texts[1].count else { throw UnknownCall(line: line) }
      return .write(file, texts[1])
    case "fsync": return path(0).map { .sync($0) }
    case "mkdir": return path(0).map { .createFolder($0) }
    case "unlink": return path(0).map { .removeFile($0) }
    case "rmdir": return path(0).map { .removeFolder($0) }
    case "rename":
      guard let old = path(0), let new = path(1) else { return nil }
      return .rename(old, new)
    default:
      if texts.indices.contains(where: { path($0) != nil }) { throw UnknownCall(line: line) }
      return nil
    }
  }

  /// The runs of `\xNN`, each of which is a text between quotes or, behind a descriptor, a path between < and >.
  private static func hexadecimalTexts(_ arguments: Substring) -> [[UInt8]] {
    arguments.split(whereSeparator: { $0 == "\"" || $0 == "<" || $0 == ">" }).compactMap { part in
      guard part.hasPrefix("\\x") else { return nil }
      return part.split(separator: "\\x").compactMap { UInt8($0, radix: 16) }
    }
  }
}
