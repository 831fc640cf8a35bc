import Foundation

extension RunFolder {
  /// A folder that is there.
  init(path: String) { self.path = path }

  /// `train` with settings from a list; without ranks it is started by hand.
  func training(_ settings: [String], ranks: Int?) throws -> Command {
    var command = try train(ranks: ranks ?? 1)
    command.ranks = ranks
    command.arguments += settings.flatMap { ["--set", $0] }
    return command
  }

  /// Another folder with the same files.
  func copy(_ name: String) throws -> RunFolder {
    let copy = try RunFolder(name)
    try FileManager.default.copyItem(atPath: path, toPath: copy.path)
    return copy
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// Every file of a run, by its name within the folder.
  func contents() throws -> [String: Data] {
    let names = (FileManager.default.enumerator(atPath: path)?.allObjects ?? []).compactMap { $0 as? String }
    var contents: [String: Data] = [:]
    for name in names {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder)
      if !isFolder.boolValue { contents[name] = try bytes(name) }
    }
    return contents
  }

  /// The names of files that are not as they were, or are new or gone. What a failed start says of itself does not
  /// count: its error file and its lock, which the kernel has given back.
  func changes(since before: [String: Data]) throws -> [String] {
    let now = try contents()
    return Set(before.keys).union(now.keys)
      .filter { before[$0] != now[$0] && !$0.hasPrefix("error.rank-") && $0 != ".lock" }.sorted()
  }

  func write(_ bytes: Data, to file: String) throws {
    try bytes.write(to: URL(fileURLWithPath: "\(path)/\(file)"))
  }
}
