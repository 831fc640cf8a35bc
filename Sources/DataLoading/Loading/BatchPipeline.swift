import ShardFormat

/// What the reader threads of a `BatchLoader` and its caller share. Work is handed out by pairs in the order of the
/// steps, so that several threads fill one batch. Everything mutable is under the monitor's lock.
final class BatchPipeline: @unchecked Sendable {
  private let set: ShardSet
  private let configuration: LoaderConfiguration
  private let schedule: BatchSchedule
  private let rank: Int
  private let pool: BatchPixelPool
  /// Batches that are being made or ready, at most.
  private let capacity: Int
  private let monitor = Monitor()
  private var draft: BatchDraft?
  private var nextToOpen: Int
  private var nextToGive: Int
  private var ready: [Int: Result<LoadedBatch, any Error>] = [:]
  private var failure: (any Error)?
  private var isEnded = false
  private var isStopped = false
  private var statistics = LoaderStatistics()

  init(
    set: ShardSet, configuration: LoaderConfiguration, schedule: BatchSchedule, rank: Int, firstStep: Int,
    pool: BatchPixelPool, capacity: Int
  ) {
    (self.set, self.configuration, self.schedule, self.rank) = (set, configuration, schedule, rank)
    (self.pool, self.capacity, nextToOpen, nextToGive) = (pool, capacity, firstStep, firstStep)
  }

  /// The body of a thread: takes pairs while there are any and room for them.
  func run() {
    let loader = PairLoader(set: set, configuration: configuration, schedule: schedule)
    var before = LoaderStatistics()
    while let (draft, pair) = take() {
      let part = Result { try loader.load(pair: pair, of: draft) }
      let total = loader.statistics
      let isLast = monitor.locked {
        statistics = statistics + (total - before)
        if case .failure = part { isEnded = true }  // what comes after a failure is never given out
        return draft.keep(part, ofPair: pair)
      }
      before = total
      if isLast { finish(draft) }
    }
  }

  private func finish(_ draft: BatchDraft) {
    let result = Result {
      try draft.finished(framesPerClip: configuration.framesPerClip, configuration: set.configuration)
    }
    monitor.locked {
      if !isStopped { ready[draft.step] = result }
      monitor.announce()
    }
  }

  private func take() -> (BatchDraft, pair: Int)? {
    monitor.locked {
      while true {
        if isStopped { return nil }
        if let draft, draft.nextPair < draft.places.count {
          defer { draft.nextPair += 1 }
          return (draft, draft.nextPair)
        }
        // A batch that was begun is ended also after a failure: whose failure is told does not depend on threads.
        draft = nil
        if isEnded { return nil }
        if nextToOpen < nextToGive + capacity {
          draft = open(nextToOpen)
          nextToOpen += 1
          monitor.announce()
        } else {
          statistics.idleSeconds += monitor.wait()
        }
      }
    }
  }

  private func open(_ step: Int) -> BatchDraft {
    BatchDraft(
      step: step, epoch: schedule.epoch(ofStep: step), places: schedule.places(ofStep: step, rank: rank),
      pixels: pool.take())
  }

  func next() throws -> LoadedBatch? {
    try monitor.locked {
      if let failure { throw failure }
      while ready[nextToGive] == nil, !isStopped { statistics.waitSeconds += monitor.wait() }
      guard !isStopped, let result = ready.removeValue(forKey: nextToGive) else { return nil }
      nextToGive += 1
      monitor.announce()
      do { return try result.get() } catch {
        failure = error
        throw error
      }
    }
  }

  var currentStatistics: LoaderStatistics { monitor.locked { statistics } }

  func stop() {
    monitor.locked {
      isStopped = true
      ready = [:]
      monitor.announce()
    }
  }
}
