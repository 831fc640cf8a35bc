import DurableFiles
import Faults
import Glibc

/// A part of a picture store whose pictures are known by an index: a tar archive, or one numbered folder that
/// img2dataset wrote as `files`.
struct PictureContainer: Sendable, Equatable {
  enum Kind: Sendable { case tar, folder }

  var path: String
  var kind: Kind

  /// What is to be indexed in some places to look for pictures, in the order of their names: `.tar` files named as
  /// such or lying in a folder, and folders whose names are five digits or more and that hold `.json` files.
  static func all(in roots: [String]) throws -> [PictureContainer] {
    try roots.flatMap { root -> [PictureContainer] in
      var status = stat()
      guard stat(root, &status) == 0 else { throw Fault.system("stat", path: root, errno: errno) }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        guard root.hasSuffix(".tar") else {
          throw Fault(
            .usage, "Neither a folder nor a .tar archive", at: root,
            remedy: "Unpack other archives, or name their folder")
        }
        return [PictureContainer(path: root, kind: .tar)]
      }
      return try containerNames(in: root).compactMap { name in
        let path = root + "/" + name
        if name.hasSuffix(".tar") { return PictureContainer(path: path, kind: .tar) }
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return PictureContainer(path: path, kind: .folder)
      }
    }
  }

  /// The names in a folder that containers may have, sorted. A folder may hold millions of others.
  private static func containerNames(in folder: String) throws -> [String] {
    guard let stream = opendir(folder) else { throw Fault.system("opendir", path: folder, errno: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      withUnsafeBytes(of: &entry.pointee.d_name) { field in
        let name = field.prefix { $0 != 0 }
        let isNumber = name.count >= 5 && name.allSatisfy { (0x30...0x39).contains($0) }
        if isNumber || name.suffix(4).elementsEqual(".tar".utf8) { names.append(String(decoding: name, as: UTF8.self)) }
      }
    }
    return names.sorted()
  }

  /// The entries of the container numbered `number`, by ascending hash.
  func entries(number: Int) throws -> [PictureIndex.Entry] {
    let entries = try kind == .tar ? tarEntries(number) : folderEntries(number)
    return entries.sorted()
  }

  private func folderEntries(_ number: Int) throws -> [PictureIndex.Entry] {
    try DurableFile.names(in: path).compactMap { name in
      guard name.hasSuffix(".json") else { return nil }
      let key = name.dropLast(5)
      guard (1...12).contains(key.utf8.count), key.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let value = Int(key)
      else { return nil }
      let bytes = try FileReader.contents(of: path + "/" + name, limit: DownloadedRow.byteLimit)
      guard let id = DownloadedRow.pictureID(bytes) else { return nil }
      return PictureIndex.Entry(id: id, container: number, key: value, digitCount: key.utf8.count)
    }
  }

  /// Pictures of an archive. One with a `.json` beside it has the id at the end of that row's url; in an archive
  /// without any, a picture's id is its own name.
  private func tarEntries(_ number: Int) throws -> [PictureIndex.Entry] {
    let reader = try TarReader(path: path)
    guard reader.file.byteCount / TarHeader.blockByteCount < PictureIndex.Entry.blockLimit else {
      throw Fault(.badData, "An archive of more than 512 GiB", at: path, remedy: "Unpack it, or split it")
    }
    var entries: [PictureIndex.Entry] = []
    var named: [PictureIndex.Entry] = []
    var (key, picture, row): (String, TarReader.Member?, [UInt8]?) = ("", nil, nil)
    var hasRows = false
    func entry(_ id: String, _ member: TarReader.Member) -> PictureIndex.Entry {
      PictureIndex.Entry(
        id: id, container: number, headerBlock: member.headerOffset / TarHeader.blockByteCount,
        byteCount: member.byteCount)
    }
    func finish() {
      guard let picture else { return }
      if let row {
        if let id = DownloadedRow.pictureID(row) { entries.append(entry(id, picture)) }
      } else {
        named.append(entry(RelativePath.stem(picture.name), picture))
      }
    }
    while let member = try reader.next() {
      let file = DurableFile.split(member.name).name
      guard let dot = file.lastIndex(of: ".") else { continue }
      let memberKey = String(member.name.dropLast(file.distance(from: dot, to: file.endIndex)))
      if memberKey != key {
        finish()
        (key, picture, row) = (memberKey, nil, nil)
      }
      let ending = file[file.index(after: dot)...].lowercased()
      if PictureStore.endings.contains(ending) {
        picture = member
      } else if ending == "json" {
        hasRows = true
        row = try reader.data(of: member, limit: DownloadedRow.byteLimit)
      }
    }
    finish()
    // Beside rows, a picture without one is the rest of something that failed.
    return hasRows ? entries : named
  }
}
