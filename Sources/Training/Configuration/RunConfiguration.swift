import DataLoading
import Faults
import Optimization
import PretrainedWeights
import SGMNModel

/// Everything that decides a run; the file a person writes, and the one that is written beside the run.
///
/// Each part belongs to the type that obeys it; docs/configuration.md lists all keys.
public struct RunConfiguration: Codable, Sendable, Equatable {
  /// Decides starting weights, order of samples, augmentation and mining.
  public var seed = 1
  public var model = ModelConfiguration()
  public var data = DataConfiguration()
  public var compute = ComputeConfiguration()
  public var optimizer = OptimizerConfiguration()
  public var schedule = ScheduleConfiguration()
  public var checkpoint = CheckpointConfiguration()
  public var evaluation = EvaluationConfiguration()
  public var safety = SafetyConfiguration()
  public var initialization = InitializationConfiguration()

  public init() {}

  public struct DataConfiguration: Codable, Sendable, Equatable {
    /// Where the training shards are: a folder, `https://HOST/PATH` or `s3://BUCKET/PREFIX`.
    public var train = ""
    /// Pairs of a step over all ranks.
    public var globalBatch = 64
    /// Probability that a clip loses a part of its tail (paper 4.1).
    public var dropTailProbability = 0.5
    /// Neighbours in the set that the order keeps together, so that a disk reads them together.
    public var shuffleBlock = 8
    /// Samples among which blocks are mixed; 0 mixes all samples of the set.
    public var shuffleWindow = 16_384
    /// Whether a step has at most one pair of a product.
    public var uniqueProducts = false
    /// Batches that are read ahead, as far as `memory` allows it.
    public var prefetch = 2
    /// Threads that read, verify and decompress.
    public var threads = 1
    /// Bytes that batches and reader threads of a rank may take.
    public var memory = 1 << 30
    /// Bytes of coming windows that the ranks of a machine have the kernel read ahead; 0 reads nothing ahead.
    public var readAhead = 4 << 30
    /// What a sample that cannot be read does: `fail` ends the run, `skip` replaces it.
    public var onBad = LoaderConfiguration.BadSamplePolicy.fail
    /// Different samples that a run may replace before it ends.
    public var skipBudget = 100
    /// Folder of a frozen text encoder that encodes the texts while training; empty where the shards hold their features.
    public var textEncoder = ""
    /// The most tokens of a text that it encodes.
    public var textTokens = PretrainedTextEncoder.defaultTokenLimit
    /// The `vocab.txt` that a new run with `model.trains_text` reads texts with; empty for none.
    public var vocabulary = ""
    public var cache = CacheConfiguration()

    enum CodingKeys: String, CodingKey {
      case train, prefetch, threads, memory, vocabulary, cache
      case globalBatch = "global_batch"
      case dropTailProbability = "drop_tail_probability"
      case shuffleBlock = "shuffle_block"
      case shuffleWindow = "shuffle_window"
      case uniqueProducts = "unique_products"
      case readAhead = "read_ahead"
      case onBad = "on_bad"
      case skipBudget = "skip_budget"
      case textEncoder = "text_encoder"
      case textTokens = "text_tokens"
    }
  }

  /// Where whole shards of remote sets are kept on each machine, for training and evaluation.
  public struct CacheConfiguration: Codable, Sendable, Equatable {
    /// Empty keeps none.
    public var folder = ""
    /// What the shards in the folder may take.
    public var bytes = 0

    public init(folder: String = "", bytes: Int = 0) {
      (self.folder, self.bytes) = (folder, bytes)
    }
  }

  /// How a step is computed.
  public struct ComputeConfiguration: Codable, Sendable, Equatable {
    /// Format of the operands of matrix products; sums, weights, norms, losses and the optimiser are float32. `auto` is
    /// float32 on CPUs and bf16 on GPUs.
    public var precision = PrecisionChoice.auto
    /// Whether the blocks of the visual encoder keep their inputs alone and are computed again in the backward pass.
    public var recompute = false
    /// Parts in which the pictures of a batch are encoded, one after the other, with the losses of the whole batch: 1
    /// encodes them once, more take less memory and one more forward pass.
    public var encoderParts = 1
    /// Format in which gradients travel between ranks.
    public var wire = Precision.float32
    /// Parts of a step that are computed and added up as if each had a rank of its own, on any number of ranks that
    /// divides it: a power of two; 0 for as many as there are ranks, added up in MPI's order.
    public var virtualRanks = 0

    enum CodingKeys: String, CodingKey {
      case precision, recompute, wire
      case encoderParts = "encoder_parts"
      case virtualRanks = "virtual_ranks"
    }
  }

  public struct OptimizerConfiguration: Codable, Sendable, Equatable {
    public var learningRate = 3e-4
    /// Factor of the learning rate of the visual encoder: 1e-3 with pretrained weights, 1 from scratch.
    public var backboneRateScale = 1.0
    /// Factor of the learning rate of a text encoder that is trained with the rest.
    public var textRateScale = 1.0
    public var beta1 = 0.9
    public var beta2 = 0.98
    public var epsilon = 1e-6
    /// On matrices alone.
    public var weightDecay = 0.2
    /// Greatest norm of a gradient; 0 does not clip.
    public var clipNorm = 1.0

    enum CodingKeys: String, CodingKey {
      case beta1, beta2, epsilon
      case learningRate = "learning_rate"
      case backboneRateScale = "backbone_lr_scale"
      case textRateScale = "text_lr_scale"
      case weightDecay = "weight_decay"
      case clipNorm = "clip_norm"
    }
  }

  public struct ScheduleConfiguration: Codable, Sendable, Equatable {
    /// Passes over the training pairs, where `steps` is 0.
    public var epochs = 10
    /// Steps of the run; 0 takes them from `epochs`.
    public var steps = 0
    /// The share of the steps in which the rate rises to its full value; a cosine then takes it to 0.
    public var warmupShare = 0.1

    enum CodingKeys: String, CodingKey {
      case epochs, steps
      case warmupShare = "warmup_share"
    }
  }

  public struct CheckpointConfiguration: Codable, Sendable, Equatable {
    /// Steps between two checkpoints; one is always written at the end.
    public var every = 500
    /// How many of the latest are kept, besides the best.
    public var keep = 3
    /// Whether steps go on while a checkpoint is written, from a copy of weights and moments.
    public var asynchronous = true
  }

  public struct EvaluationConfiguration: Codable, Sendable, Equatable {
    /// Where the shards to evaluate on while training are, as `data.train`; empty does not evaluate.
    public var shards = ""
    /// Steps between two evaluations; 0 evaluates at the end alone.
    public var every = 0
  }

  public struct SafetyConfiguration: Codable, Sendable, Equatable {
    /// Steps between two comparisons of the weights of all ranks; 0 never compares.
    public var compareRanksEvery = 100
    /// What a step does whose loss or gradient is not finite.
    public var onNotFinite = NotFinitePolicy.stop
    /// Steps that a run may skip, with its resumptions; one more ends it.
    public var skipLimit = 10
    /// How many standard deviations above the mean of the steps before it a loss is a spike; 0 looks for none.
    public var spikeDeviations = 8.0
    /// Seconds of silence, or of a step without progress, after which a rank counts as hung; 0 does not watch.
    public var hangSeconds = 20.0
    /// The same for what has no usual length: start, evaluation, checkpoint, the first steps.
    public var longHangSeconds = 600.0
    /// A rank is told of as slow when it takes so many times as long as the others; 0 tells of none.
    public var stragglerFactor = 1.5

    public enum NotFinitePolicy: String, Codable, Sendable, CaseIterable {
      /// Ends the run.
      case stop
      /// Leaves weights, moments and the count of updates as they are, and goes on with the next step.
      case skip
    }

    enum CodingKeys: String, CodingKey {
      case compareRanksEvery = "compare_ranks_every"
      case onNotFinite = "on_not_finite"
      case skipLimit = "skip_limit"
      case spikeDeviations = "spike_deviations"
      case hangSeconds = "hang_seconds"
      case longHangSeconds = "long_hang_seconds"
      case stragglerFactor = "straggler_factor"
    }
  }

  /// Where the weights of a new run come from, as far as not from the seed. A run that goes on reads none of them.
  public struct InitializationConfiguration: Codable, Sendable, Equatable {
    /// A file of CLIP's weights, for the image encoder; empty for none.
    public var visual = ""
    /// A checkpoint of the authors' SGMN; empty for none.
    public var release = ""
    /// The folder of a BERT or Chinese-CLIP, for the text encoder of `model.trains_text`; empty for none.
    public var text = ""
  }

  enum CodingKeys: String, CodingKey {
    case seed, model, data, compute, optimizer, schedule, checkpoint, evaluation, safety, initialization
  }
}

extension RunConfiguration {
  /// Throws where the values do not make a run.
  public func validate() throws {
    func require(_ holds: Bool, _ field: String, _ what: String) throws {
      if !holds { throw Fault(.configuration, "\(field): \(what)", remedy: "Change \(field)") }
    }
    try checkSizes()
    try require(seed >= 0, "seed", "\(seed) is negative")
    try model.validate()
    try require(data.globalBatch > 0, "data.global_batch", "\(data.globalBatch) is not positive")
    try require(
      (0...1).contains(data.dropTailProbability), "data.drop_tail_probability",
      "\(data.dropTailProbability) is not a probability")
    try require((1...64).contains(data.prefetch), "data.prefetch", "\(data.prefetch) is not within 1…64")
    try require((1...64).contains(data.threads), "data.threads", "\(data.threads) is not within 1…64")
    try require(
      (1...1_048_576).contains(data.shuffleBlock), "data.shuffle_block", "\(data.shuffleBlock) is not within 1…1048576")
    try require(
      (0...1 << 31).contains(data.shuffleWindow), "data.shuffle_window", "\(data.shuffleWindow) is not within 0…2³¹")
    try require(data.memory > 0, "data.memory", "\(data.memory) is not positive")
    try require(data.readAhead >= 0, "data.read_ahead", "\(data.readAhead) is negative")
    try require(data.cache.bytes >= 0, "data.cache.bytes", "\(data.cache.bytes) is negative")
    try require(
      data.cache.folder.isEmpty || data.cache.bytes > 0, "data.cache.bytes",
      "must say how many bytes the cache in \(data.cache.folder) may take")
    try require(
      data.vocabulary.isEmpty || model.encodesText, "data.vocabulary",
      "goes with model.trains_text alone: otherwise nothing reads texts")
    try require(data.skipBudget >= 0, "data.skip_budget", "\(data.skipBudget) is negative")
    try require((3...65_536).contains(data.textTokens), "data.text_tokens", "\(data.textTokens) is not within 3…65536")
    try require(
      data.textEncoder.isEmpty || model.readsEmbeddings, "data.text_encoder",
      "does not go with model.\(model.text ? "trains_text=true" : "text=false")")
    try require(
      (1...65_536).contains(compute.encoderParts), "compute.encoder_parts",
      "\(compute.encoderParts) is not within 1…65536")
    if compute.virtualRanks != 0 { try validateVirtualRanks(require) }
    try require(
      initialization.visual.isEmpty || initialization.release.isEmpty, "initialization.visual",
      "does not go with initialization.release, whose checkpoint has an image encoder of its own")
    try require(
      initialization.release.isEmpty || model.padding == .release, "model.padding",
      "\(model.padding.rawValue) does not go with initialization.release: the authors' weights know padded frames as "
        + "pictures of zeros")
    try require(
      initialization.text.isEmpty || model.encodesText, "initialization.text",
      "goes with model.trains_text alone: a frozen encoder is named by data.text_encoder")
    try require(
      optimizer.learningRate > 0 && optimizer.learningRate.isFinite, "optimizer.learning_rate",
      "\(optimizer.learningRate) is not a rate")
    try require(
      optimizer.backboneRateScale >= 0 && optimizer.backboneRateScale.isFinite, "optimizer.backbone_lr_scale",
      "\(optimizer.backboneRateScale) is not a factor")
    try require(
      optimizer.textRateScale >= 0 && optimizer.textRateScale.isFinite, "optimizer.text_lr_scale",
      "\(optimizer.textRateScale) is not a factor")
    try require(optimizer.clipNorm >= 0, "optimizer.clip_norm", "\(optimizer.clipNorm) is negative")
    try adamW.validate()
    try require(schedule.steps >= 0, "schedule.steps", "\(schedule.steps) is negative")
    try require(schedule.steps > 0 || schedule.epochs > 0, "schedule.epochs", "\(schedule.epochs) is not positive")
    try require(
      (0..<1).contains(schedule.warmupShare), "schedule.warmup_share", "\(schedule.warmupShare) is not within 0…1")
    try require(checkpoint.every > 0, "checkpoint.every", "\(checkpoint.every) is not positive")
    try require(
      checkpoint.keep >= 2, "checkpoint.keep",
      "\(checkpoint.keep) is less than 2, which leaves nothing to fall back to where the newest is damaged")
    try require(evaluation.every >= 0, "evaluation.every", "\(evaluation.every) is negative")
    try require(safety.compareRanksEvery >= 0, "safety.compare_ranks_every", "\(safety.compareRanksEvery) is negative")
    try require(safety.skipLimit >= 0, "safety.skip_limit", "\(safety.skipLimit) is negative")
    try require(
      safety.spikeDeviations >= 0 && safety.spikeDeviations.isFinite, "safety.spike_deviations",
      "\(safety.spikeDeviations) is not a number of deviations")
    try require(
      safety.hangSeconds == 0 || (1...1e6).contains(safety.hangSeconds), "safety.hang_seconds",
      "\(safety.hangSeconds) is neither 0 nor within 1…1000000")
    try require(
      (1...1e6).contains(safety.longHangSeconds), "safety.long_hang_seconds",
      "\(safety.longHangSeconds) is not within 1…1000000")
    try require(
      safety.stragglerFactor == 0 || (1.1...1e6).contains(safety.stragglerFactor), "safety.straggler_factor",
      "\(safety.stragglerFactor) is neither 0 nor within 1.1…1000000")
  }

  private func validateVirtualRanks(_ require: (Bool, String, String) throws -> Void) throws {
    let (field, count) = ("compute.virtual_ranks", compute.virtualRanks)
    try require(count > 0 && count & (count - 1) == 0, field, "\(count) is neither 0 nor a power of two")
    try require(
      data.globalBatch % count == 0, field, "\(count) does not divide data.global_batch, which is \(data.globalBatch)")
    try require(
      compute.wire == .float32, "compute.wire",
      "\(compute.wire.rawValue) does not go with \(field), whose gradients travel as float32")
    try require(
      model.negatives == .local, "model.negatives",
      "\(model.negatives.rawValue) does not go with \(field), which take theirs from their own pairs")
  }

  /// The optimiser's part of the optimiser's settings.
  var adamW: AdamWConfiguration {
    var configuration = AdamWConfiguration()
    configuration.beta1 = optimizer.beta1
    configuration.beta2 = optimizer.beta2
    configuration.epsilon = optimizer.epsilon
    configuration.weightDecay = optimizer.weightDecay
    return configuration
  }
}

extension RunConfiguration.OptimizerConfiguration {
  /// The factor of the learning rate of a parameter.
  func rateScale(of name: String) -> Double {
    if name.hasPrefix("visual.") { return backboneRateScale }
    return name.hasPrefix("text_encoder.") ? textRateScale : 1
  }
}
