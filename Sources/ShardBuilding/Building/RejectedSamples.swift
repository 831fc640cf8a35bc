import DurableFiles
import Faults
import Foundation
import Glibc
import ShardFormat

/// The samples that a set goes without, as `rejected.jsonl` beside its shards: `{"cause", "entry", "id", "message"}` a
/// line, the entry counted from 1. Made from the shards, which know it all.
struct RejectedSamples {
  static let name = "rejected.jsonl"
  private var lines: [UInt8] = []
  private(set) var counts: [String: Int] = [:]

  private struct Line: Encodable {
    var cause: String
    var entry: Int
    var id: String
    var message: String
  }

  /// - Parameter firstEntry: the number of the entry that `place` 0 is.
  mutating func append(_ notes: [LeftOutSample], firstEntry: Int) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for note in notes {
      counts[note.cause, default: 0] += 1
      let line = Line(cause: note.cause, entry: firstEntry + note.place + 1, id: note.id, message: note.message)
      if let data = try? encoder.encode(line) { lines += Array(data) + [0x0A] }
    }
  }

  /// Writes the file, whole or not at all; where nothing is left out, removes one that says otherwise.
  func write(in folder: String) throws {
    let path = "\(folder)/\(RejectedSamples.name)"
    if !lines.isEmpty { return try DurableFile.write(lines, to: path) }
    guard unlink(path) == 0 || errno == ENOENT else { throw Fault.system("unlink", path: path, errno: errno) }
  }
}
