import Checkpointing
import Collectives
import Faults
import Telemetry
import TensorCore

extension Trainer {
  /// Rank 0 reads the checkpoint that the run goes on from; every rank gets its weights and moments from there.
  func restore(_ resume: Resume) throws {
    var vocabulary: [UInt8]?
    let restored: RunState? = try communicator.together {
      guard let folder else { return nil }
      let store = CheckpointStore(folder: folder.checkpoints, keepLast: configuration.checkpoint.keep)
      let chosen = try chooseCheckpoint(resume, store)
      progress.tick(.starting)  // all of it has been read once, and is read again
      let restored = try chosen.map { try read($0) }
      vocabulary = try chooseVocabulary(chosen)
      if restored == nil { try initialize(folder) }
      try folder.write(configuration)
      try prepareSaving(store, folder, resume, restored, vocabulary: vocabulary)
      return restored
    }
    try shareVocabulary(vocabulary)
    try shareState(restored)
    try shareTensors()
  }

  private func chooseCheckpoint(_ resume: Resume, _ store: CheckpointStore) throws -> Checkpoint? {
    switch resume {
    case .automatic:
      return try store.loadLatest {
        logger.warning($0)
        progress.tick(.starting)
      }
    case .from(let path): return try CheckpointStore.load(path)
    case .never:
      guard try store.isEmpty else {
        throw Fault(
          .outputUnavailable, "The folder holds checkpoints of a run", at: store.folder,
          remedy: "Choose another --out, or --resume auto to go on")
      }
      return nil
    }
  }

  /// Weights, moments and state of a checkpoint whose configuration is this run's.
  private func read(_ checkpoint: Checkpoint) throws -> RunState {
    let saved = try TrainingCheckpoint.readState(checkpoint)
    var differences = try ConfigurationDifference.lines(checkpoint: saved.configuration, now: configuration)
    if saved.shardsFingerprint != state.shardsFingerprint {
      differences.append(
        "training shards: checkpoint=\(saved.shardsFingerprint) (\(saved.pairCount) pairs) "
          + "now=\(state.shardsFingerprint) (\(state.pairCount) pairs)")
    }
    if let encoder = saved.textEncoder, encoder != state.textEncoder {
      differences.append("text encoder: checkpoint=\(encoder) now=\(state.textEncoder ?? "none")")
    }
    guard differences.isEmpty else {
      throw Fault(
        .configuration, "The checkpoint is of another run: \(differences.joined(separator: "; "))",
        at: checkpoint.folder, remedy: "Use the checkpoint's settings (its state.json), or choose another --out")
    }
    let share = WorkShareChange(from: saved, to: state)
    if let notice = share.notice { logger.notice(notice) }
    for warning in share.warnings { logger.warning(warning) }
    if saved.precision != state.precision {
      logger.warning(
        "the checkpoint was made with products in \(saved.precision.rawValue), this run computes them in "
          + "\(state.precision.rawValue): from here on it is not, to the bit, the run that it was")
    }
    if saved.device != state.device {
      logger.warning(
        "the checkpoint was made on \(saved.device.rawValue), this run computes on \(state.device.rawValue): from here on "
          + "it is not, to the bit, the run that it was")
    }
    try TrainingCheckpoint.readModel(checkpoint, into: arena)
    try TrainingCheckpoint.readOptimizer(checkpoint, into: optimizer, arena: arena)
    return saved
  }

  private func shareState(_ restored: RunState?) throws {
    let bytes = try communicator.broadcast(communicator.isLeader ? (restored ?? state).encoded() : nil, from: 0)
    let shared = try RunState.decoded(bytes, path: "rank 0")
    state.step = shared.step
    state.epoch = shared.epoch
    state.positionInEpoch = shared.positionInEpoch
    state.best = shared.best
    state.replacedSamples = shared.replacedSamples
    state.skippedSteps = shared.skippedSteps
    state.evaluationIsDue = shared.evaluationIsDue
  }

  private func shareTensors() throws {
    optimizer.stepCount = state.updateCount
    // Before the first update every rank's moments are zeros.
    let moments = state.updateCount > 0 ? [optimizer.firstMoment, optimizer.secondMoment] : []
    for tensor in [arena.values] + moments {
      try tensor.updateHostPieces(reads: communicator.isLeader) { try communicator.broadcast($0, from: 0) }
    }
    arena.refreshOperands()
  }

  /// Makes sure, before the first step, that what the run will save can be saved.
  private func prepareSaving(
    _ store: CheckpointStore, _ folder: RunFolder, _ resume: Resume, _ restored: RunState?, vocabulary: [UInt8]?
  ) throws {
    let byteCount = TrainingCheckpoint.byteCount(arena) + (vocabulary?.count ?? 0)
    let step = restored?.step ?? 0
    if step < plan.stepCount || restored?.evaluationIsDue == true { try store.prepare(byteCount: byteCount) }
    var savedStep: Int?
    if case .automatic = resume, let restored {
      savedStep = restored.step
      // A kill between the checkpoint and the pointer to it; or a pointer that is damaged.
      if let best = restored.best, try best.step == restored.step || (try? store.best) == nil && store.has(best.step) {
        try store.markBest(step: best.step)
      }
    }
    saver = CheckpointSaver(
      CheckpointWriter(
        store: store, metrics: folder.metrics, byteCount: byteCount, vocabulary: vocabulary, logger: logger,
        goesOn: { [progress] in progress.tick(.checkpoint) }),
      arena: arena, optimizer: optimizer, isAsynchronous: configuration.checkpoint.asynchronous, savedStep: savedStep)
  }

  /// Begins to save the run as it is; with `checkpoint.asynchronous: false` it is saved when this returns.
  func save(isBest: Bool) throws { try saver?.save(state, isBest: isBest) }

  /// Throws what the save under way has failed with, if it has; in every step.
  func checkSaving() throws { try saver?.check() }

  /// Returns when the last checkpoint that was begun is on the disk. No other phase may take as long.
  func finishSaving() throws {
    guard let saver else { return }
    progress.enter(.checkpoint, step: state.step)
    try saver.finish()
  }

  /// Before the run ends with a fault: what was begun to be saved is good, and is saved.
  func settleSaving() {
    do {
      try finishSaving()
    } catch {
      logger.warning("\(error)")
    }
  }

  /// Ends the run before its end, with a checkpoint of this step.
  func stop() throws -> ExitCode {
    progress.enter(.ending, step: state.step)
    try profile?.report()
    try compareRanks()
    try finishSaving()
    if let saver, saver.savedStep != state.step {
      try save(isBest: false)
      try finishSaving()
    }
    progress.enter(.ending, step: state.step)
    try recorder?.close()
    try exchange.close()
    try communicator.barrier()
    logger.notice("stopped after step \(state.step) with a checkpoint; the same command goes on")
    return .stoppedWithCheckpoint
  }
}
