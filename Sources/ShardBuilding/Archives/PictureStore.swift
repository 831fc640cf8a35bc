import DurableFiles
import Faults
import Glibc
import MediaDecoding
import Synchronization

/// Pictures by their id, in one or more folders and tar archives.
///
/// In this order: what an index knows (img2dataset's `files` and `webdataset`, any `.tar`), `ROOT/GROUP/ID.jpg` and
/// `ROOT/GROUP/frames/ID.jpg` (or `images`) where a group is known (the clip of a frame, the live of a gallery image),
/// `ROOT/ID.jpg`. Endings jpg, jpeg, png, webp, bmp.
final class PictureStore: Sendable {
  static let endings = ["jpg", "jpeg", "png", "webp", "bmp"]

  /// Whether a name ends as pictures do.
  static func isPictureName(_ name: String) -> Bool {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
    return endings.contains(name[name.utf8.index(after: dot)...].lowercased())
  }

  private let roots: [String]
  /// Places with pictures right in them.
  private let flatRoots: [String]
  private let containers: [PictureContainer]
  private let index: PictureIndex
  /// Archives that were seen to be those that the index is of.
  private let checkedArchives = Mutex<Set<Int>>([])
  /// What is in the groups that were asked for last.
  private let groups = Mutex<[(group: String, listings: [Listing])]>([])

  /// Pictures of a folder: name without ending to name.
  private struct Listing: Sendable {
    var folder: String
    var names: [String: String]
  }

  /// This rank's part of the index: every `rankCount`-th container.
  ///
  /// Reads the headers of archives and img2dataset's rows. `progress` gets 1 for each container that is done, on any
  /// thread.
  static func scan(
    _ roots: [String], share: (rank: Int, rankCount: Int), threadCount: Int,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [PictureIndex.Entry] {
    let containers = try checkedContainers(roots)
    let own = Array(stride(from: share.rank, to: containers.count, by: share.rankCount))
    let parts = try ParallelPieces.map(count: own.count, threadCount: threadCount) { piece in
      let entries = try containers[own[piece]].entries(number: own[piece])
      progress(1)
      return entries
    }
    return parts.flatMap { $0 }
  }

  /// - Parameter entries: the parts of all ranks, in any order.
  init(_ roots: [String], entries: [PictureIndex.Entry]) throws {
    let containers = try PictureStore.checkedContainers(roots)
    guard entries.allSatisfy({ $0.container < containers.count }) else {
      throw Fault(
        .badData, "The ranks do not see the same archives", at: roots.first,
        remedy: "Give all ranks the same files, and leave them alone while shards are built")
    }
    self.roots = roots
    flatRoots = roots.filter(PictureStore.holdsPictures)
    self.containers = containers
    index = PictureIndex(entries)
  }

  /// A store that one process indexes alone.
  convenience init(_ roots: [String], threadCount: Int = 1) throws {
    try self.init(roots, entries: PictureStore.scan(roots, share: (0, 1), threadCount: threadCount))
  }

  private static func checkedContainers(_ roots: [String]) throws -> [PictureContainer] {
    let containers = try PictureContainer.all(in: roots)
    guard containers.count < PictureIndex.Entry.containerLimit else {
      throw Fault(
        .badData, "\(containers.count) archives, more than \(PictureIndex.Entry.containerLimit)", at: roots.first)
    }
    return containers
  }

  /// How many pictures the index knows.
  var indexedCount: Int { index.count }

  /// What messages call the places.
  var name: String { roots.joined(separator: ", ") }

  /// Where a picture is. Throws `Fault(.inputMissing)` where none of the layouts has it, `Fault(.badData)` for an id
  /// that is not a file's name.
  func picture(_ id: String, group: String? = nil) throws -> MediaLocation {
    guard let found = try find(id, group: group) else {
      throw Fault(
        .inputMissing, "No picture \(id)", at: name,
        remedy: "Fetch it, or leave such samples out with --on-bad skip")
    }
    return found
  }

  /// All pictures of a group's folder, in the order of their names; nil where no place has such a folder.
  func pictures(group: String) throws -> [MediaLocation]? {
    try PictureStore.check(group)
    guard let listing = try listings(of: group).first(where: { !$0.names.isEmpty }) else { return nil }
    return Set(listing.names.values).sorted().map { MediaLocation(listing.folder + "/" + $0) }
  }

  /// Where a picture is, or nil. Throws `Fault(.badData)` for an id that is not a file's name.
  func find(_ id: String, group: String?) throws -> MediaLocation? {
    try PictureStore.check(id)
    if let entry = index.entry(of: id), let found = try location(of: entry) { return found }
    if let group {
      try PictureStore.check(group)
      for listing in try listings(of: group) {
        if let name = listing.names[id] { return MediaLocation(listing.folder + "/" + name) }
      }
    }
    return flatRoots.lazy.compactMap { PictureStore.file($0 + "/" + id) }.first.map { MediaLocation($0) }
  }

  private func location(of entry: PictureIndex.Entry) throws -> MediaLocation? {
    let container = containers[entry.container]
    switch container.kind {
    case .folder:
      let digits = String(entry.key)
      let padding = String(repeating: "0", count: max(0, entry.digitCount - digits.utf8.count))
      return PictureStore.file(container.path + "/" + padding + digits).map { MediaLocation($0) }
    case .tar:
      let headerOffset = entry.headerBlock * TarHeader.blockByteCount
      guard let byteCount = entry.byteCount, checkedArchives.withLock({ $0.contains(entry.container) }) else {
        let member = try TarReader.member(at: headerOffset, in: FileReader(container.path))
        guard (entry.byteCount ?? member.byteCount) == member.byteCount else {
          throw TarReader.changed(container.path, headerOffset)
        }
        _ = checkedArchives.withLock { $0.insert(entry.container) }
        return MediaLocation(container.path, offset: member.dataOffset, byteCount: member.byteCount)
      }
      return MediaLocation(container.path, offset: headerOffset + TarHeader.blockByteCount, byteCount: byteCount)
    }
  }

  /// The folders of a group and what is in them; those of the last groups are at hand.
  private func listings(of group: String) throws -> [Listing] {
    if let known = groups.withLock({ $0.last { $0.group == group }?.listings }) { return known }
    let folders = roots.flatMap { root -> [String] in
      let folder = root + "/" + group
      return access(folder, F_OK) == 0 ? [folder, folder + "/frames", folder + "/images"] : []
    }
    let found = try folders.filter { access($0, F_OK) == 0 }.map {
      Listing(folder: $0, names: try PictureStore.names(in: $0))
    }
    groups.withLock { groups in
      if groups.count >= 32 { groups.removeFirst() }
      groups.append((group, found))
    }
    return found
  }

  /// The pictures in a folder by their names without the ending.
  ///
  /// A gallery image may be there as `UUID-SUFFIX.jpg`, as the authors' code reads it; the UUID finds it too.
  private static func names(in folder: String) throws -> [String: String] {
    var names: [String: String] = [:]
    var shortened: [String: String] = [:]
    for name in try DurableFile.names(in: folder) {
      guard isPictureName(name) else { continue }
      let stem = RelativePath.stem(name)
      if names[stem] == nil { names[stem] = name }
      guard stem.utf8.count(where: { $0 == UInt8(ascii: "-") }) == 5, let dash = stem.lastIndex(of: "-") else {
        continue
      }
      let short = String(stem[..<dash])
      if shortened[short] == nil { shortened[short] = name }
    }
    return names.merging(shortened) { whole, _ in whole }
  }

  /// Whether a folder has a picture right in it, so that one that is missing elsewhere is looked for there.
  private static func holdsPictures(_ folder: String) -> Bool {
    guard let stream = opendir(folder) else { return false }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let isPicture = withUnsafeBytes(of: &entry.pointee.d_name) { field in
        let name = field.prefix { $0 != 0 }
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), name.endIndex - dot <= 5 else { return false }
        return isPictureName(String(decoding: name, as: UTF8.self))
      }
      if isPicture { return true }
    }
    return false
  }

  private static func file(_ stem: String) -> String? {
    endings.lazy.map { stem + "." + $0 }.first { access($0, F_OK) == 0 }
  }

  private static func check(_ id: String) throws {
    let bytes = id.utf8
    guard (1...250).contains(bytes.count), bytes.allSatisfy({ $0 != 0 && $0 != UInt8(ascii: "/") }), id != ".",
      id != ".."
    else {
      throw Fault(.badData, "\"\(id.prefix(80))\" is not an id")
    }
  }
}
