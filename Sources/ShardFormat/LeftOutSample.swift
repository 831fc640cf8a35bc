import Faults
import Foundation

/// An entry of the source that is not in its shard, and why; kept in the shard so that it can be tried again.
public struct LeftOutSample: Codable, Sendable, Equatable {
  /// The number of the entry within the part of the source that the shard was made of.
  public var place: Int
  public var id: String
  /// A few words for the table of causes.
  public var cause: String
  public var message: String

  public init(place: Int, id: String, cause: String, message: String) {
    self.place = place
    self.id = id
    self.cause = cause
    self.message = message
  }

  /// One JSON object and a line feed.
  var line: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and a number: there is nothing in it that JSON cannot hold.
    return Array((try? encoder.encode(self)) ?? Data()) + [0x0A]
  }

  /// The lines of a section. `Fault(.badData)` without a place for anything but `count` of them.
  static func lines(_ bytes: [UInt8], count: Int) throws -> [LeftOutSample] {
    let lines = bytes.split(separator: 0x0A)
    guard lines.count == count else {
      throw Fault(.badData, "\(lines.count) notes on left-out samples, expected \(count)")
    }
    return try lines.map { line in
      do { return try JSONDecoder().decode(LeftOutSample.self, from: Data(line)) } catch {
        throw Fault(.badData, "A note on a left-out sample is not of its form")
      }
    }
  }
}
