import Foundation

/// The states in which a power cut may leave a disk, by what recorded calls had asked and flushed until then.
///
/// A file is a number, and so is a folder; names are entries of folders. What `fsync` was not called for may be there or
/// not: an entry unless its folder was flushed since, the end of a file unless the file was. POSIX promises no more.
struct CrashStates {
  /// A change of the entries of one folder: names, and what they then stand for; nil is nothing.
  private struct Change {
    var folder: Int
    var entries: [(name: String, node: Int?)]
    /// What was removed, not renamed.
    var removed: Int?
    /// The index of the call, and of the first flush of its folder after it.
    var index: Int
    var flushed = Int.max
  }

  private struct File {
    var bytes: [UInt8] = []
    /// (index of the call, bytes after it)
    var lengths: [(index: Int, count: Int)] = []
    var flushed: [(index: Int, count: Int)] = []

    func count(before index: Int) -> Int { lengths.last { $0.index < index }?.count ?? 0 }
    func flushedCount(before index: Int) -> Int { flushed.last { $0.index < index }?.count ?? 0 }
  }

  /// How the part of a file that was not flushed comes out.
  enum Tail: CaseIterable { case whole, missing, half, zeros }

  struct UnexpectedCall: Error { var call: RecordedCall }

  /// A whole tree by paths.
  typealias Tree = [String: Node]
  enum Node: Hashable {
    case folder
    case file([UInt8])
  }

  private var changes: [Change] = []
  private var files: [Int: File] = [:]
  private var nodeCount = 1
  /// What the running system sees: folder, name -> node. 0 is the root.
  private var visible: [Int: [String: Int]] = [0: [:]]
  private(set) var callCount = 0
  /// (index of the call, number of the save that had returned)
  private(set) var saves: [(index: Int, number: Int)] = []
  /// Renames that came before what they name was flushed, or were not flushed before the save returned.
  private(set) var violations: [String] = []
  private var renames: [(change: Int, text: String)] = []
  /// The index of the last change of a node and of its last flush.
  private var touched: [Int: Int] = [:]
  private var flushes: [Int: Int] = [:]

  init(_ calls: [RecordedCall]) throws {
    for call in calls {
      try apply(call)
      callCount += 1
    }
  }

  private mutating func apply(_ call: RecordedCall) throws {
    switch call {
    case .createFile(let path):
      files[try enter(path, call)] = File()
    case .createFolder(let path):
      visible[try enter(path, call)] = [:]
    case .write(let path, let bytes):
      guard let node = find(path), var file = files[node] else { throw UnexpectedCall(call: call) }
      file.bytes += bytes
      file.lengths.append((callCount, file.bytes.count))
      files[node] = file
      touched[node] = callCount
    case .sync(let path):
      guard let node = find(path) else { throw UnexpectedCall(call: call) }
      flushes[node] = callCount
      if let file = files[node] {
        files[node]?.flushed.append((callCount, file.bytes.count))
      } else {
        flushChanges(of: node)
      }
    case .rename(let old, let new):
      let (from, to) = (try place(old, call), try place(new, call))
      guard from.folder == to.folder, let node = visible[from.folder]?[from.name] else {
        throw UnexpectedCall(call: call)
      }
      if let change = touched[node], flushes[node] ?? -1 < change { violations.append("\(old) renamed unflushed") }
      renames.append((changes.count, "\(old) -> \(new)"))
      change(from.folder, [(from.name, nil), (to.name, node)])
    case .removeFile(let path), .removeFolder(let path):
      let (folder, name) = try place(path, call)
      guard let node = visible[folder]?[name] else { throw UnexpectedCall(call: call) }
      change(folder, [(name, nil)], removed: node)
    case .saved(let number):
      for rename in renames where changes[rename.change].flushed == .max {
        violations.append("\(rename.text) not flushed when save \(number) returned")
      }
      saves.append((callCount, number))
    }
  }

  private mutating func flushChanges(of folder: Int) {
    for index in changes.indices where changes[index].folder == folder && changes[index].flushed == .max {
      changes[index].flushed = callCount
      // Of a folder that is gone for good nothing more can be seen.
      if let removed = changes[index].removed { flushChanges(of: removed) }
    }
  }

  private mutating func change(_ folder: Int, _ entries: [(name: String, node: Int?)], removed: Int? = nil) {
    for (name, node) in entries { visible[folder]?[name] = node }
    changes.append(Change(folder: folder, entries: entries, removed: removed, index: callCount))
    touched[folder] = callCount
  }

  private mutating func enter(_ path: String, _ call: RecordedCall) throws -> Int {
    let (folder, name) = try place(path, call)
    let node = nodeCount
    nodeCount += 1
    change(folder, [(name, node)])
    return node
  }

  private func find(_ path: String) -> Int? {
    path.split(separator: "/").reduce(Optional(0)) { node, name in node.flatMap { visible[$0]?[String(name)] } }
  }

  private func place(_ path: String, _ call: RecordedCall) throws -> (folder: Int, name: String) {
    let parts = path.split(separator: "/").map(String.init)
    guard let name = parts.last, let folder = find(parts.dropLast().joined(separator: "/")), visible[folder] != nil
    else { throw UnexpectedCall(call: call) }
    return (folder, name)
  }

  /// The trees that a power cut right before call `index` may leave: of the changes that were not flushed the first few
  /// (in order), all but one, or one alone; and each of these with every `Tail`.
  func trees(before index: Int) -> [Tree] {
    let asked = changes.indices.filter { changes[$0].index < index }
    let pending = asked.filter { changes[$0].flushed >= index }
    var chosen: Set<Set<Int>> = [[]]
    for (position, one) in pending.enumerated() {
      chosen.insert(Set(pending.prefix(position + 1)))
      chosen.insert(Set(pending).subtracting([one]))
      chosen.insert([one])
    }
    let hasTails = files.values.contains { $0.flushedCount(before: index) < $0.count(before: index) }
    return chosen.flatMap { chosen in
      let applied = asked.filter { changes[$0].flushed < index || chosen.contains($0) }
      return (hasTails ? Tail.allCases : [.whole]).map { tree(applied, $0, index) }
    }
  }

  private func tree(_ applied: [Int], _ tail: Tail, _ index: Int) -> Tree {
    var entries: [Int: [String: Int]] = [:]
    for change in applied {
      for (name, node) in changes[change].entries { entries[changes[change].folder, default: [:]][name] = node }
    }
    var result: Tree = [:]
    func visit(_ folder: Int, _ path: String) {
      for (name, node) in entries[folder] ?? [:] {
        if let file = files[node] {
          result[path + name] = .file(contents(file, tail, index))
        } else {
          result[path + name] = .folder
          visit(node, path + name + "/")
        }
      }
    }
    visit(0, "")
    return result
  }

  private func contents(_ file: File, _ tail: Tail, _ index: Int) -> [UInt8] {
    let (count, flushed) = (file.count(before: index), file.flushedCount(before: index))
    switch tail {
    case .whole: return Array(file.bytes.prefix(count))
    case .missing: return Array(file.bytes.prefix(flushed))
    case .half: return Array(file.bytes.prefix(flushed + (count - flushed) / 2))
    case .zeros: return file.bytes.prefix(flushed) + [UInt8](repeating: 0, count: count - flushed)
    }
  }
}
