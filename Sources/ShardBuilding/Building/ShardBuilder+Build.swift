import Collectives
import DurableFiles
import Faults
import Foundation
import ShardFormat
import WorkerProcesses

/// What a build tells while it runs, and what it asks; all on the thread that called it.
public struct BuildWatch {
  /// Called before the first entry is built; until then a signal may end the process as it likes.
  public var willBegin: () throws -> Void = {}
  /// Gets how far all ranks are, several times a second; on every rank.
  public var progress: (BuildProgress) -> Void = { _ in }
  /// Whether this process was asked to stop.
  public var isStopRequested: () -> Bool = { false }
  /// Gets the estimate that the free space was compared with.
  public var estimate: (BuildEstimate) -> Void = { _ in }

  public init() {}
}

extension ShardBuilder {
  /// Builds all entries of `catalog` into the set `folder`, with all ranks; goes on with what an earlier run has left.
  ///
  /// - Parameter source: names the catalog's source; a build goes on only where it is the same.
  ///
  /// Throws, on every rank alike, an `AgreedFault`: `.outputUnavailable` where the folder holds a finished set or is in
  /// use, `.configuration` where it holds a build of other settings, `.inputOutput` where the disk is too small,
  /// `.stoppedWithCheckpoint` where a rank was asked to stop, what is wrong with the source always, and what is wrong
  /// with a sample's media under `.fail`.
  @discardableResult
  public func build(
    _ catalog: any SampleCatalog, source: String, to folder: String,
    on communicator: any Communicator = SoloCommunicator(), options: BuildOptions, watch: BuildWatch = BuildWatch()
  ) throws -> BuildReport {
    let plan = BuildPlan(configuration: configuration, source: source, entryCount: catalog.count)
    let target = BuildFolder(path: folder)
    let lock = try communicator.together { () -> FolderLock? in
      guard plan.entryCount > 0 else { throw Fault(.badData, "No samples", at: source) }
      guard plan.shardCount <= ShardLimits.maximumShardCount else {
        throw Fault(
          .usage, "\(plan.shardCount) shards, more than \(ShardLimits.maximumShardCount)",
          remedy: "Raise --samples-per-shard")
      }
      guard communicator.isLeader else { return nil }
      try catalog.refuseRepetitions()
      return try target.prepare(plan, options: options)
    }
    defer { lock?.release() }

    let own = stride(from: communicator.rank, to: plan.shardCount, by: communicator.rankCount)
    let work = try communicator.together {
      try own.map { shard in
        let needed = try ShardWork.needed(
          shard: shard, of: plan, in: target, policy: badSamplePolicy, retriesLeftOut: options.retriesLeftOut,
          hash: { try catalog.hash(of: plan.range(of: shard)) })
        return (shard: shard, needed: needed)
      }
    }
    let run = BuildRun(builder: self, catalog: catalog, plan: plan, folder: target, work: work)
    let entryCount = try communicator.allReduceSum(run.entryCount)
    let keptShardCount = try communicator.allReduceSum(run.keptShardCount)
    let wasFinished = try communicator.allReduceMax(target.isFinished ? 1 : 0) == 1
    if options.checksSpace, entryCount > BuildOptions.probedEntryCount {
      let estimate = try estimate(catalog, entryCount: entryCount, for: folder, on: communicator, options: options)
      watch.estimate(estimate)
      try communicator.together { try estimate.refuseSmallDisk() }
    }

    try watch.willBegin()
    let start = ContinuousClock.now
    let rounds = RankRounds(
      communicator: communicator, cancellation: run.cancellation, counts: { run.counts },
      isStopRequested: watch.isStopRequested,
      show: { counts in
        watch.progress(
          BuildProgress(
            doneCount: counts.doneCount, entryCount: entryCount, keptCount: plan.entryCount - entryCount,
            leftOutCount: counts.leftOutCount, byteCount: counts.byteCount,
            seconds: (ContinuousClock.now - start) / .seconds(1)))
      })
    switch try rounds.run({ try run.build(threadCount: options.threadCount) }) {
    case .done: break
    case .stopped:
      let done = try communicator.allReduceSum(run.counts.shardCount) + keptShardCount
      throw AgreedFault(
        fault: Fault(
          .stoppedWithCheckpoint, "Stopped with \(done) of \(plan.shardCount) shards done", at: folder,
          remedy: "Run the same command again to go on"), rank: 0)
    }
    let changedCount = try communicator.allReduceSum(run.counts.shardCount)
    let report = try communicator.together { () -> BuildReport? in
      guard communicator.isLeader else { return nil }
      var report = try finish(plan, in: target, isChanged: changedCount > 0 || !wasFinished)
      report.keptShardCount = plan.shardCount - changedCount
      return report
    }
    let bytes = try communicator.broadcast(report.map { Array(try JSONEncoder().encode($0)) }, from: 0)
    return try JSONDecoder().decode(BuildReport.self, from: Data(bytes))
  }

  /// Makes a set of the finished shards, and counts what is in it.
  private func finish(_ plan: BuildPlan, in folder: BuildFolder, isChanged: Bool) throws -> BuildReport {
    var report = BuildReport(shardCount: plan.shardCount)
    var rejected = RejectedSamples()
    var sampleCount = 0
    for shard in 0..<plan.shardCount {
      let file = try ShardFile(folder: folder.path, number: shard, configuration: configuration)
      rejected.append(file.leftOut, firstEntry: plan.range(of: shard).lowerBound)
      sampleCount += file.sampleCount
      report.frameCount += file.line.frameCount
      report.storedPictureCount += file.line.pictureCount
      report.byteCount += file.line.byteCount
    }
    report.rejectedCounts = rejected.counts
    if isChanged { try rejected.write(in: folder.path) }
    guard sampleCount > 0 else {
      throw Fault(
        .badData, "Not one of \(plan.entryCount) samples could be read", at: folder.path,
        remedy: "See the causes in \(RejectedSamples.name) there")
    }
    if isChanged {
      try ShardSetIndex.assemble(folder: folder.path, configuration: configuration, shardCount: plan.shardCount)
    }
    let set = try ShardSet(folder: folder.path)
    report.clipCount = (0..<set.count).count { set.frameCount(at: $0) > 0 }
    report.pictureCount = set.count - report.clipCount
    return report
  }
}
