import Collectives
import Faults
import Foundation
import ShardFormat

/// All damage of a set, found by several threads on each of several ranks.
public struct SetVerification: Sendable {
  /// What was found, equal on every rank.
  public struct Report: Sendable, Equatable, Codable {
    /// In the order of the shards; those of the index first, those of other files last.
    public var problems: [String] = []
    /// Problems beyond those that are listed.
    public var unlistedProblemCount = 0
    /// Checked, right or wrong.
    public var shardCount = 0
    public var sampleCount = 0
    public var byteCount = 0

    public var problemCount: Int { problems.count + unlistedProblemCount }
  }

  /// Of a shard with more problems the rest is only counted.
  public static let problemsPerShardLimit = 100

  public var folder: String
  public var depth: ShardVerification.Depth
  /// Threads of each rank.
  public var threadCount: Int

  public init(folder: String, depth: ShardVerification.Depth = .full, threadCount: Int = 1) {
    (self.folder, self.depth, self.threadCount) = (folder, depth, threadCount)
  }

  /// Checks the set; collective. Rank r of N takes shards r, r + N, …
  ///
  /// - Parameter progress: called about ten times a second with how many shards this rank has begun, and of how many.
  ///
  /// Throws `AgreedFault` where there is no set, or a rank cannot read the index.
  public func run(
    _ communicator: any Communicator, progress: (_ begun: Int, _ of: Int) -> Void = { _, _ in }
  ) throws -> Report {
    let (index, damage) = try communicator.together { () throws -> (ShardSetIndex?, String?) in
      do { return (try ShardSetIndex(folder: folder), nil) } catch let fault as Fault where fault.code == .badData {
        return (nil, "\(fault)")
      }
    }
    var own = Share()
    if let index {
      let numbers = Array(stride(from: communicator.rank, to: index.shards.count, by: communicator.rankCount))
      own.shards = try communicator.together {
        try ParallelWork.run(
          count: numbers.count, threadCount: threadCount, progress: { progress($0, numbers.count) }
        ) { next in
          var found: [Found] = []
          while let place = next() { found.append(check(numbers[place], of: index)) }
          return found
        }.flatMap { $0 }
      }
    }
    // A bad index is bad for all; one tells.
    if communicator.isLeader, let damage { own.before = [damage] }
    own.after = try communicator.together {
      guard communicator.isLeader, let index else { return [] }
      return try ShardVerification.strangers(in: folder, index).map { "\($0)" }
    }
    return try report(communicator.allGather([UInt8](JSONEncoder().encode(own))))
  }

  private func check(_ number: Int, of index: ShardSetIndex) -> Found {
    let problems = ShardVerification.problems(ofShard: number, of: index, in: LocalFolder(folder), depth: depth)
    let listed = problems.prefix(SetVerification.problemsPerShardLimit).map { "\($0)" }
    let line = index.shards[number]
    return Found(
      number: number, problems: listed, unlistedCount: problems.count - listed.count, sampleCount: line.sampleCount,
      byteCount: line.byteCount)
  }

  private func report(_ shares: [[UInt8]]) throws -> Report {
    let shares = try shares.map { try JSONDecoder().decode(Share.self, from: Data($0)) }
    var report = Report()
    report.problems = shares.flatMap(\.before)
    for shard in shares.flatMap(\.shards).sorted(by: { $0.number < $1.number }) {
      report.problems += shard.problems
      if shard.unlistedCount > 0 {
        report.problems.append(
          "\(ShardLimits.shardName(shard.number)): \(Figures.count(shard.unlistedCount, "more problem"))")
        report.unlistedProblemCount += shard.unlistedCount - 1
      }
      report.shardCount += 1
      report.sampleCount += shard.sampleCount
      report.byteCount += shard.byteCount
    }
    report.problems += shares.flatMap(\.after)
    return report
  }

  /// What one rank found.
  private struct Share: Codable {
    var before: [String] = []
    var shards: [Found] = []
    var after: [String] = []
  }

  /// What is wrong with one shard.
  private struct Found: Codable, Sendable {
    var number: Int
    var problems: [String]
    var unlistedCount: Int
    var sampleCount: Int
    var byteCount: Int
  }
}
