import DurableFiles
import Failpoints
import Faults
import Glibc

/// Where the files of a set are: a folder, or a prefix of addresses.
public protocol ShardStorage: Sendable {
  /// What messages call the place.
  var location: String { get }
  /// A whole file. `Fault(.inputMissing)` if it is not there, `(.badData)` if it has more than `limit` bytes.
  func contents(of name: String, limit: Int) throws -> [UInt8]
  /// A file, to read parts of it.
  func open(_ name: String) throws -> any ShardBytes
  /// The size of a file, without opening it where that costs more.
  func byteCount(of name: String) throws -> Int
  /// How many of the set's largest files are kept near by, where a file is fetched whole before it is read; nil where
  /// parts of a file are read from where it is.
  var wholeFileCapacity: Int? { get }
  /// Whether a look into a file costs little more than asking for its size.
  var opensCheaply: Bool { get }
  /// The names of its files; nil where they cannot be listed.
  func names() throws -> [String]?
  /// These files will be opened soon, the nearest first: a storage that fetches whole files may begin. Takes the place of
  /// what was said before.
  func willOpen(_ names: [String])
}

extension ShardStorage {
  public var wholeFileCapacity: Int? { nil }
  public var opensCheaply: Bool { false }
  public func names() throws -> [String]? { nil }
  public func willOpen(_ names: [String]) {}

  /// What messages call a file.
  func path(of name: String) -> String { location.hasSuffix("/") ? location + name : "\(location)/\(name)" }
}

/// A folder of this machine, or of a file server that it sees as one. A read that fails for a moment is tried again.
public struct LocalFolder: ShardStorage {
  public let location: String
  private let retry: ReadRetry

  /// - Parameter notice: told of every read that is tried again.
  public init(_ path: String, notice: (@Sendable (String) -> Void)? = nil) {
    location = path
    retry = ReadRetry(notice: notice, failpoint: .shardRead)
  }

  public var opensCheaply: Bool { true }

  public func names() throws -> [String]? { try DurableFile.names(in: location) }

  public func contents(of name: String, limit: Int) throws -> [UInt8] {
    let names = try DurableFile.names(in: location)  // a missing folder is named as such
    guard names.contains(name) else {
      let built = names.contains { $0.hasPrefix("shard-") }
      throw Fault(
        .inputMissing,
        built ? "The shards have no \(name): the build did not finish" : "No shards in this folder", at: location,
        remedy: built
          ? "Run sgmn-shard build or embed, whichever began it, again to finish it"
          : "Check the path, or build with sgmn-shard")
    }
    return try FileReader.contents(of: path(of: name), limit: limit, retry: retry)
  }

  public func open(_ name: String) throws -> any ShardBytes { try FileReader(path(of: name), retry: retry) }

  public func byteCount(of name: String) throws -> Int {
    var status = stat()
    guard stat(path(of: name), &status) == 0 else { throw Fault.system("stat", path: path(of: name), errno: errno) }
    return Int(status.st_size)
  }
}
