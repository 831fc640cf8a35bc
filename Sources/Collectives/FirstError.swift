import DurableFiles
import Faults
import Foundation
import Synchronization

/// Why a rank ended a run, in a file of its own: `error.rank-R.json`.
///
/// When one rank fails, the others soon fail for lack of it, and `mpirun` reports any of them. The record with the
/// earliest time is the cause; the rest are its consequences.
public struct FirstError: Codable, Sendable, Equatable {
  public var what: String
  public var place: String?
  public var remedy: String?
  /// The number of the `ExitCode`.
  public var code: Int32
  public var rank: Int
  public var host: String
  public var processID: Int32
  /// Seconds since 1970, by the clock of `host`.
  public var time: Double

  /// The files this process has written: what a rank says first is what counts.
  private static let recorded = Mutex<Set<String>>([])

  /// Writes the record of `fault` durably, unless this process has already written one for this rank in this folder.
  /// Call it before `Communicator.abort`. The file of an earlier run is replaced.
  public static func record(_ fault: Fault, folder: String, rank: Int) throws {
    let path = "\(folder)/\(fileName(rank: rank))"
    guard recorded.withLock({ $0.insert(path).inserted }) else { return }
    let record = FirstError(
      what: fault.what, place: fault.place, remedy: fault.remedy, code: fault.code.rawValue, rank: rank,
      host: hostName(), processID: getpid(), time: Date().timeIntervalSince1970)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try DurableFile.write(Array(try encoder.encode(record)) + [0x0A], to: path)
  }

  /// The records in a folder, the earliest first. A file that cannot be read is passed over: it must not hide the
  /// others.
  public static func records(in folder: String) throws -> [FirstError] {
    try DurableFile.names(in: folder).filter(isRecord).compactMap { name in
      guard let bytes = try? FileReader.contents(of: "\(folder)/\(name)", limit: 1 << 20) else { return nil }
      return try? JSONDecoder().decode(FirstError.self, from: Data(bytes))
    }.sorted { ($0.time, $0.rank) < ($1.time, $1.rank) }
  }

  /// Removes the records of an earlier run, at the start of the next one.
  public static func clear(folder: String) throws {
    for name in try DurableFile.names(in: folder) where isRecord(name) {
      let path = "\(folder)/\(name)"
      guard unlink(path) == 0 || errno == ENOENT else { throw Fault.system("unlink", path: path, errno: errno) }
    }
  }

  private static func fileName(rank: Int) -> String { "error.rank-\(rank).json" }

  private static func isRecord(_ name: String) -> Bool { name.hasPrefix("error.rank-") && name.hasSuffix(".json") }
}

extension FirstError: CustomStringConvertible {
  /// `rank 3 on host: what (place). Remedy.`
  public var description: String {
    let fault = Fault(ExitCode(rawValue: code) ?? .internalError, what, at: place, remedy: remedy)
    return "rank \(rank) on \(host): \(fault)"
  }
}

/// This machine's name, without asking a name server as Foundation's does.
package func hostName() -> String {
  var name = [CChar](repeating: 0, count: 256)
  gethostname(&name, name.count - 1)
  return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
