import Faults
import ShardFormat
import Synchronization
import WorkerProcesses

/// One rank's part of a build: its shards one after another, their entries on many threads across the borders of
/// shards.
final class BuildRun: Sendable {
  let cancellation = Cancellation()
  /// Entries of this rank that are to be built.
  let entryCount: Int
  let keptShardCount: Int

  private let builder: ShardBuilder
  private let catalog: any SampleCatalog
  private let plan: BuildPlan
  private let folder: BuildFolder
  private let jobs: [Job]
  private let counted = Mutex(BuildCounts())

  /// A shard to be written.
  // @unchecked: a `ShardFile` is used by one thread at a time, that of `build`.
  private struct Job: @unchecked Sendable {
    var shard: Int
    var old: ShardFile?
    var places: Places
  }

  /// The entries of a shard that are to be encoded, as places within it.
  private enum Places {
    case all(Int)
    case some([Int])

    var count: Int {
      switch self {
      case .all(let count): count
      case .some(let places): places.count
      }
    }

    subscript(number: Int) -> Int {
      switch self {
      case .all: number
      case .some(let places): places[number]
      }
    }
  }

  /// One entry on its way.
  private struct Step: Sendable {
    var job: Int
    var place: Int
    var index: Int
  }

  init(
    builder: ShardBuilder, catalog: any SampleCatalog, plan: BuildPlan, folder: BuildFolder,
    work: [(shard: Int, needed: ShardWork)]
  ) {
    self.builder = builder
    self.catalog = catalog
    self.plan = plan
    self.folder = folder
    jobs = work.compactMap { shard, needed in
      switch needed {
      case .keep: nil
      case .build: Job(shard: shard, old: nil, places: .all(plan.range(of: shard).count))
      case .mend(let file): Job(shard: shard, old: file, places: .some(file.leftOut.map(\.place)))
      }
    }
    keptShardCount = work.count - jobs.count
    entryCount = jobs.reduce(0) { $0 + $1.places.count }
  }

  var counts: BuildCounts { counted.withLock { $0 } }

  /// Builds all shards; ends soon with `WorkerFailure.cancelled` after `cancellation` was raised.
  func build(threadCount: Int) throws {
    var (job, place) = (0, 0)
    var draft: (file: ShardDraft, left: Int)?
    let makeWork = builder.makeWork(catalog, cancellation)
    guard entryCount > 0 else { return }
    try OrderedPipeline<Step, (Step, Result<EncodedSample, any Error>)>.run(
      threadCount: min(threadCount, entryCount),
      next: {
        while job < jobs.count, place == jobs[job].places.count { (job, place) = (job + 1, 0) }
        guard job < jobs.count else { return nil }
        defer { place += 1 }
        let number = jobs[job].places[place]
        return Step(job: job, place: number, index: plan.range(of: jobs[job].shard).lowerBound + number)
      },
      makeWork: {
        let work = makeWork()
        return { step in (step, work(step.index)) }
      },
      consume: { step, result in
        do {
          if cancellation.isRaised { throw WorkerFailure.cancelled }
          let job = jobs[step.job]
          let current = try draft ?? (try self.draft(of: job), job.places.count)
          try take(result, of: step, into: current.file)
          draft = current.left > 1 ? (current.file, current.left - 1) : nil
          if draft == nil, try current.file.finish() != nil { counted.withLock { $0.shardCount += 1 } }
        } catch {
          cancellation.raise()  // no thread waits for its decoder in vain
          throw error
        }
      })
  }

  private func draft(of job: Job) throws -> ShardDraft {
    try ShardDraft(
      folder: folder, number: job.shard, configuration: plan.configuration,
      sourceHash: catalog.hash(of: plan.range(of: job.shard)), mending: job.old)
  }

  private func take(_ result: Result<EncodedSample, any Error>, of step: Step, into draft: ShardDraft) throws {
    do {
      let sample = try result.get()
      try draft.append(sample, place: step.place)
      counted.withLock {
        $0.doneCount += 1
        $0.byteCount += sample.byteCount
      }
    } catch let bad as BadSample {
      guard builder.badSamplePolicy == .skip else { throw bad.naming }
      try draft.leaveOut(note(bad, place: step.place))
      counted.withLock {
        $0.doneCount += 1
        $0.leftOutCount += 1
      }
    }
  }

  /// Without the remedy, which was to leave it out.
  private func note(_ bad: BadSample, place: Int) -> LeftOutSample {
    let fault = Fault(bad.fault.code, bad.fault.what, at: bad.fault.place)
    return LeftOutSample(place: place, id: bad.id, cause: bad.cause, message: fault.description)
  }
}
