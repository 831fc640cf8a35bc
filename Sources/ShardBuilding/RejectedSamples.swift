import DurableFiles
import Faults
import Foundation

/// The samples that were left out, as `rejected.jsonl` beside the shards: `{"cause", "id", "message"}` a line.
struct RejectedSamples {
  static let name = "rejected.jsonl"
  let folder: String
  private var lines: [UInt8] = []

  init(folder: String) { self.folder = folder }

  private struct Line: Encodable {
    var cause: String
    var id: String
    var message: String
  }

  mutating func append(_ bad: BadSample) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Without the remedy, which was to leave it out.
    let fault = Fault(bad.fault.code, bad.fault.what, at: bad.fault.place)
    let line = Line(cause: bad.cause, id: bad.id, message: fault.description)
    if let data = try? encoder.encode(line) { lines += Array(data) + [0x0A] }
  }

  /// Writes the file, whole or not at all; none where nothing was left out.
  func write() throws {
    guard !lines.isEmpty else { return }
    try DurableFile.write(lines, to: folder + "/" + RejectedSamples.name)
  }
}
