import Collectives
import DurableFiles
import Faults
import Foundation
import ShardFormat

/// What opening a set of so many samples costs on every rank.
public struct IndexBenchmark: Sendable {
  /// One rank's part.
  public struct Opening: Sendable, Equatable, Codable {
    public var seconds: Double
    /// The most memory that opening took above what the process had.
    public var peakByteCount: Int
    /// What the open set keeps.
    public var heldByteCount: Int
  }

  public struct Result: Sendable, Equatable {
    public var indexByteCount: Int
    public var writeSeconds: Double
    /// By rank.
    public var openings: [Opening]
  }

  public var sampleCount: Int
  /// Where a folder of its own is made and removed; all ranks must see it.
  public var parent: String

  public init(sampleCount: Int, parent: String) {
    (self.sampleCount, self.parent) = (sampleCount, parent)
  }

  /// Rank 0 writes the index, all open it at the same time; collective. Throws `AgreedFault`.
  public func run(_ communicator: any Communicator) throws -> Result {
    let start = DispatchTime.now()
    let made = try communicator.together { () throws -> String in
      guard communicator.isLeader else { return "" }
      let folder = "\(parent)/sgmn-index-\(UUID().uuidString)"
      try DurableFile.createFolder(folder)
      do { try SyntheticIndex.write(folder: folder, sampleCount: sampleCount) } catch {
        try? FileManager.default.removeItem(atPath: folder)
        throw error
      }
      return folder
    }
    let folder = String(
      decoding: try communicator.broadcast(communicator.isLeader ? Array(made.utf8) : nil, from: 0), as: UTF8.self)
    defer { if communicator.isLeader { try? FileManager.default.removeItem(atPath: folder) } }
    let writeSeconds = seconds(since: start)
    let (own, byteCount) = try communicator.together { try open(folder) }
    let openings = try communicator.allGather([UInt8](JSONEncoder().encode(own))).map {
      try JSONDecoder().decode(Opening.self, from: Data($0))
    }
    return Result(indexByteCount: byteCount, writeSeconds: writeSeconds, openings: openings)
  }

  private func open(_ folder: String) throws -> (Opening, indexByteCount: Int) {
    ProcessMemory.resetPeak()
    let before = ProcessMemory.residentByteCount
    let start = DispatchTime.now()
    let set = try ShardSet(folder: folder)
    let elapsed = seconds(since: start)
    let peak = ProcessMemory.peakByteCount
    let held = ProcessMemory.residentByteCount
    let byteCount = try set.storage.byteCount(of: ShardLimits.indexName)
    precondition(set.count == sampleCount, "\(set.count) samples opened of \(sampleCount) written")
    return (
      Opening(seconds: elapsed, peakByteCount: max(0, peak - before), heldByteCount: max(0, held - before)), byteCount
    )
  }

  private func seconds(since start: DispatchTime) -> Double {
    Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
  }
}
