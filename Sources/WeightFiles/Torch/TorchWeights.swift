import DurableFiles
import Faults
import Synchronization

/// The weights of a PyTorch file: a ZIP archive of `torch.save` or `torch.jit.save`.
///
/// The archive has one folder: `data.pkl` describes the values, `data/KEY` has the numbers of each storage, `byteorder`
/// says how they are written. Code (`code/`, `constants.pkl` of TorchScript) is not looked at.
public final class TorchWeights: WeightFile {
  public let path: String
  public let format: String
  public let shapes: [String: [Int]]
  private let archive: ZipArchive
  private let views: [String: TorchView]
  private let isBigEndian: Bool
  /// Where the records lie whose CRC-32 has been found right: each is compared once, when something of it is first read, for many
  /// tensors may be views of one storage.
  private let checkedRecords = Mutex<Set<Int>>([])

  public init(_ path: String) throws {
    self.path = path
    let reader = try FileReader(path)
    let archive = try ZipArchive(reader)
    let folder = try TorchWeights.folder(of: archive, path: path)
    let isScript = archive.members[folder + "constants.pkl"] != nil
    format = isScript ? "TorchScript" : "PyTorch"
    isBigEndian = try TorchWeights.isBigEndian(archive, folder: folder, path: path)
    guard let member = archive.members[folder + "data.pkl"] else { preconditionFailure("the folder is where it lies") }
    let graph = try PickleReader.graph(
      of: try archive.contents(of: member, limit: PickleReader.byteLimit), path: "\(path): \(member.name)",
      isScript: isScript)
    views = try TorchWeights.views(of: graph, archive: archive, folder: folder, path: path)
    shapes = views.mapValues(\.shape)
    self.archive = archive
  }

  public func floats(_ name: String) throws -> [Float] {
    guard let view = views[name] else {
      throw Fault(.badData, "There is no tensor \(name.debugDescription) among the \(views.count)", at: path)
    }
    guard view.elementCount > 0 else { return [] }
    return view.floats(try bytes(of: view), isBigEndian: isBigEndian)
  }

  private func bytes(of view: TorchView) throws -> [UInt8] {
    if checkedRecords.withLock({ $0.contains(view.member.dataOffset) }) {
      return try archive.bytes(view.range, of: view.member)
    }
    let bytes = try archive.checkedBytes(view.range, of: view.member)
    checkedRecords.withLock { _ = $0.insert(view.member.dataOffset) }
    return bytes
  }
}

extension TorchWeights {
  /// The folder that holds all: the archive's name when it was saved.
  private static func folder(of archive: ZipArchive, path: String) throws -> String {
    let pickles = archive.members.keys.filter { name in
      name.hasSuffix("/data.pkl") && name.utf8.count { $0 == UInt8(ascii: "/") } == 1
    }
    guard pickles.count == 1, let pickle = pickles.first else {
      let count = pickles.isEmpty ? "no file" : "\(pickles.count) files"
      throw Fault(
        .badData, "A ZIP archive with \(count) FOLDER/data.pkl: none of PyTorch", at: path,
        remedy: "Give a file of torch.save or torch.jit.save, or safetensors")
    }
    return String(pickle.dropLast("data.pkl".count))
  }

  private static func isBigEndian(_ archive: ZipArchive, folder: String, path: String) throws -> Bool {
    // Before PyTorch 2.1 there was no such record, and no other order in use.
    guard let member = archive.members[folder + "byteorder"] else { return false }
    let text = String(decoding: try archive.contents(of: member, limit: 64), as: UTF8.self)
    guard text == "little" || text == "big" else {
      throw Fault(.badData, "The byte order is \(text.debugDescription)", at: "\(path): member \(member.name)")
    }
    return text == "big"
  }

  private static func views(
    of graph: PickleGraph, archive: ZipArchive, folder: String, path: String
  ) throws -> [String: TorchView] {
    var views: [String: TorchView] = [:]
    // Of every key that was looked up: members' names can be long, and many tensors can be views of one storage.
    var members: [String: ZipMember] = [:]
    for (name, tensor) in try TorchNames(graph, path: "\(path): \(folder)data.pkl").tensors {
      guard let width = tensor.type.byteCount else { continue }
      var place: String { "\(path): tensor \(name.debugDescription)" }
      let key = tensor.storage.key
      guard let member = members[key] ?? archive.members[folder + "data/" + key] else {
        throw Fault(.badData, "There is no storage \(key.debugDescription)", at: place)
      }
      if members.updateValue(member, forKey: key) == nil { try member.expectPlain(path: path) }
      views[name] = try TorchView(tensor, width: width, member: member, place: place)
    }
    return views
  }
}
