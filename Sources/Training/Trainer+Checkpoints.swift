import Checkpointing
import Collectives
import Faults
import SGMNModel
import Telemetry
import TensorCore

extension Trainer {
  private func store(in folder: RunFolder) -> CheckpointStore {
    CheckpointStore(folder: folder.checkpoints, keepLast: configuration.checkpoint.keep)
  }

  /// Rank 0 reads the checkpoint that the run goes on from; every rank gets its weights and moments from there.
  func restore(_ resume: Resume) throws {
    let restored: RunState? = try communicator.together {
      guard let folder else { return nil }
      let restored = try chooseCheckpoint(resume, folder).map { try read($0) }
      try folder.write(configuration)
      return restored
    }
    if case .automatic = resume { savedStep = restored?.step }
    try shareState(restored)
    try shareTensors()
  }

  private func chooseCheckpoint(_ resume: Resume, _ folder: RunFolder) throws -> Checkpoint? {
    switch resume {
    case .automatic: return try store(in: folder).loadLatest { logger.warning($0) }
    case .from(let path): return try CheckpointStore.load(path)
    case .never:
      guard store(in: folder).list().isEmpty else {
        throw Fault(
          .outputUnavailable, "The folder holds checkpoints of a run", at: folder.checkpoints,
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
    guard differences.isEmpty else {
      throw Fault(
        .configuration, "The checkpoint is of another run: \(differences.joined(separator: "; "))",
        at: checkpoint.folder, remedy: "Use the checkpoint's settings (its state.json), or choose another --out")
    }
    if saved.rankCount != communicator.rankCount {
      logger.warning(
        "the checkpoint was made by \(saved.rankCount) ranks, this run has \(communicator.rankCount): the samples of a "
          + "step are the same, \(configuration.model.effectOfRankCount)")
    }
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
  }

  private func shareTensors() throws {
    optimizer.stepCount = state.step
    for tensor in [arena.values, optimizer.firstMoment, optimizer.secondMoment] {
      try tensor.updateHostPieces(reads: communicator.isLeader) { try communicator.broadcast($0, from: 0) }
    }
    arena.refreshOperands()
  }

  func save(isBest: Bool) throws {
    guard let folder else { return }
    let started = monotonicSeconds()
    try recorder?.synchronize()
    try store(in: folder).save(step: state.step, isBest: isBest, byteCount: TrainingCheckpoint.byteCount(arena)) {
      try TrainingCheckpoint.write(state, arena: arena, optimizer: optimizer, to: $0)
    }
    savedStep = state.step
    logger.info("checkpoint of step \(state.step) in \(Format.duration(seconds: monotonicSeconds() - started))")
  }

  /// Ends the run before its end, with a checkpoint of this step.
  func stop() throws -> ExitCode {
    if savedStep != state.step { try save(isBest: false) }
    try recorder?.close()
    try exchange.close()
    try communicator.barrier()
    logger.notice("stopped after step \(state.step) with a checkpoint; the same command goes on")
    return .stoppedWithCheckpoint
  }
}

extension ModelConfiguration {
  /// What another number of ranks changes of the losses.
  fileprivate var effectOfRankCount: String {
    switch (negatives, smf) {
    case (.local, _): "but with local negatives the losses are not"
    case (.global, true): "and so are the losses but for the matcher's, whose look-alikes are a rank's own"
    case (.global, false): "and so are the losses, to rounding"
    }
  }
}
