import Collectives
import DataLoading
import DurableFiles
import Evaluation
import Faults
import ShardFormat
import Telemetry

extension Trainer {
  /// What can be known before memory is taken: whether data, configuration and ranks go together.
  struct Preparation {
    let folder: RunFolder?
    let shards: ShardSet
    let evaluationShards: ShardSet?
    let loading: LoaderConfiguration
    let batches: BatchSchedule
    let virtualRanks: VirtualRanks
    let plan: StepPlan
    let state: RunState

    init(_ c: RunConfiguration, folder path: String, communicator: any Communicator, logger: Logger) throws {
      try c.validate()
      guard !c.data.train.isEmpty else {
        throw Fault(.usage, "No training shards", remedy: "Name their folder with --shards or data.train")
      }
      let ranks = communicator.rankCount
      guard c.data.globalBatch % ranks == 0 else {
        throw Fault(
          .usage, "data.global_batch \(c.data.globalBatch) is not divisible by \(ranks) ranks",
          remedy: "Choose a multiple of \(ranks), or another number of ranks")
      }
      virtualRanks = try VirtualRanks(c.compute.virtualRanks, rankCount: ranks)
      // Each rank has troubles of its own, which a notice of rank 0 alone would not tell.
      let notice = { @Sendable (line: String) in logger.warning(line) }
      shards = try ShardSource.open(c.data.train, cache: c.data.cache, notice: notice)
      try Preparation.check(shards, c)
      evaluationShards =
        c.evaluation.shards.isEmpty
        ? nil : try ShardSource.open(c.evaluation.shards, cache: c.data.cache, notice: notice)
      if let evaluationShards {
        try Evaluator.check(
          evaluationShards, fit: c.model, usesText: c.data.textEncoder.isEmpty,
          textEncoder: shards.configuration.textEncoder)
      }
      for set in [shards] + (evaluationShards.map { [$0] } ?? []) {
        try set.checkFiles(rank: communicator.rank, of: ranks, threadCount: 8)
      }
      loading = Preparation.loader(c, ranks)
      do {
        batches = try BatchSchedule(shards, configuration: loading, rankCount: ranks)
      } catch var fault as Fault {
        fault.remedy = fault.remedy ?? "Lower data.global_batch, which is \(c.data.globalBatch), or give more data"
        throw fault
      }
      try ShardSource.checkCache(shards, fits: batches)
      plan = StepPlan(
        stepCount: c.schedule.steps > 0 ? c.schedule.steps : c.schedule.epochs * batches.stepsPerEpoch,
        checkpointInterval: c.checkpoint.every, evaluationInterval: c.evaluation.every,
        evaluates: evaluationShards != nil, comparisonInterval: c.safety.compareRanksEvery)
      state = RunState(
        step: 0, epoch: 0, positionInEpoch: 0, rankCount: ranks,
        shardsFingerprint: String(shards.fingerprint, radix: 16), pairCount: batches.trainableSamples.count,
        configuration: c)
      // A batch, a checkpoint and the metrics at one time.
      try OpenFileLimit.require(spare: 8)
      folder = communicator.isLeader ? try RunFolder(path, logger: logger) : nil
    }

    private static func loader(_ c: RunConfiguration, _ ranks: Int) -> LoaderConfiguration {
      LoaderConfiguration(
        pairsPerRank: c.data.globalBatch / ranks, framesPerClip: c.model.frames,
        dropTailProbability: c.data.dropTailProbability, prefetchBatchCount: c.data.prefetch,
        readerThreadCount: c.data.threads, memoryByteCount: c.data.memory, shuffleBlock: c.data.shuffleBlock,
        shuffleWindow: c.data.shuffleWindow, uniqueProducts: c.data.uniqueProducts,
        readAheadByteCount: c.data.readAhead, onBadSample: c.data.onBad,
        readsTokens: c.model.readsTokens && c.data.textEncoder.isEmpty, seed: UInt64(c.seed))
    }

    private static func check(_ shards: ShardSet, _ c: RunConfiguration) throws {
      let stored = shards.configuration
      guard stored.resolution == c.model.resolution else {
        throw Fault(
          .configuration,
          "The shards hold pictures of \(stored.resolution)², model.resolution is \(c.model.resolution)",
          at: shards.folder, remedy: "Build shards with --resolution \(c.model.resolution), or change the model")
      }
      guard c.model.readsEmbeddings, c.data.textEncoder.isEmpty else { return }
      guard stored.textEncoder != nil else {
        throw Fault(
          .configuration, "The shards hold no text embeddings", at: shards.folder,
          remedy: "Build them with --text-encoder hashed-ngrams, or set model.trains_text=true or model.text=false")
      }
      guard stored.textWidth == c.model.textDim else {
        throw Fault(
          .configuration,
          "The shards' text embeddings are \(stored.textWidth) wide, model.text_dim is \(c.model.textDim)",
          at: shards.folder, remedy: "Set model.text_dim=\(stored.textWidth)")
      }
      guard c.model.readsTokens else { return }
      guard let tokens = stored.tokens else {
        throw Fault(
          .configuration, "model.text_filter gated needs token features, which these shards do not hold",
          at: shards.folder, remedy: "Add them with sgmn-shard embed --tokens, or set model.text_filter=linear")
      }
      guard tokens.width == c.model.textTokenDim else {
        throw Fault(
          .configuration,
          "The shards' token features are \(tokens.width) wide, model.text_token_dim is \(c.model.textTokenDim)",
          at: shards.folder, remedy: "Set model.text_token_dim=\(tokens.width)")
      }
    }
  }
}
