import Foundation

/// The system calls of a job, as `strace -ff -y` has written them: a file a thread.
struct SystemCallTrace {
  struct Call: Hashable {
    /// The thread that made it.
    var thread: Int
    var name: String
    /// `name(arguments) = result`, with the paths that descriptors stand for.
    var text: String
    /// How many calls of this name the thread had made with it: what `when=` counts.
    var ordinal: Int

    /// The text without what differs between two runs of one command: process numbers, folders of runs, results.
    func pattern(in folder: String) -> String {
      var pattern = text.replacingOccurrences(of: folder, with: "RUN")
      if let end = pattern.range(of: ") = ", options: .backwards) { pattern = String(pattern[..<end.lowerBound]) }
      if let end = pattern.range(of: " <unfinished") { pattern = String(pattern[..<end.lowerBound]) }
      for (expression, text) in [("\\.tmp-[0-9]+-[0-9]+", ".tmp-N"), ("\\(([0-9]+)<", "(FD<")] {
        pattern = pattern.replacingOccurrences(of: expression, with: text, options: .regularExpression)
      }
      while let last = pattern.last, last == ")" || last == " " { pattern.removeLast() }
      return pattern
    }
  }

  /// Those of each thread, in order.
  var threads: [[Call]] = []

  /// - Parameter path: What `-o` was given.
  init(_ path: String) throws {
    let (folder, name) = ((path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent)
    for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where file.hasPrefix(name + ".") {
      guard let thread = Int(file.dropFirst(name.count + 1)) else { continue }
      let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)")), as: UTF8.self)
      var counts: [String: Int] = [:]
      threads.append(
        text.split(separator: "\n").compactMap { line in
          guard let end = line.firstIndex(of: "("), line.first?.isLetter == true else { return nil }
          let name = String(line[..<end])
          counts[name, default: 0] += 1
          return Call(thread: thread, name: name, text: String(line), ordinal: counts[name] ?? 0)
        })
    }
  }

  var calls: [Call] { threads.flatMap { $0 } }

  /// The calls that strace has failed or changed.
  var injected: [Call] { calls.filter { $0.text.contains("(INJECTED") } }

  /// The last call of each thread that did not return.
  var unfinished: [Call] {
    threads.compactMap(\.last).filter { $0.text.hasSuffix(" = ?") || $0.text.contains("<unfinished") }
  }

  /// What the thread that saves does for the checkpoint of a step, up to the save of the next: the first call that
  /// names its draft, the last that names the folder of checkpoints, and all between.
  func save(of step: Int, before next: Int) -> [Call] {
    for calls in threads {
      guard let start = calls.firstIndex(where: { $0.text.contains(Self.draft(step)) }) else { continue }
      let after = calls[start...].firstIndex { $0.text.contains(Self.draft(next)) } ?? calls.endIndex
      guard let end = calls[start..<after].lastIndex(where: { $0.text.contains("/checkpoints") }) else { continue }
      return Array(calls[start...end])
    }
    return []
  }

  /// What a job does from the first call that names its folder until it opens the log of the steps.
  func start(in folder: String) -> [Call] {
    for calls in threads {
      guard let start = calls.firstIndex(where: { $0.text.contains("\"\(folder)/") }),
        let end = calls.lastIndex(where: { $0.text.contains("/metrics.jsonl\"") && $0.text.contains("O_APPEND") }),
        start <= end
      else { continue }
      return Array(calls[start...end])
    }
    return []
  }

  private static func draft(_ step: Int) -> String { "checkpoints/.\(RunFolder.checkpoint(step)).tmp\"" }
}
