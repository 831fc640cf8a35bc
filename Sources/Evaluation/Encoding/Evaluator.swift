import Collectives
import Faults
import SGMNModel
import ShardFormat
import TensorCore
import TextEncoding

/// Retrieval evaluation of a model on a set of shards, the ranks sharing the work (docs/evaluation.md).
///
/// Every clip is searched among the pictures of its live by v·i + λ·(asr·title). A rank holds all embeddings and the
/// pixels of two batches: one is read while the other is encoded.
public struct Evaluator {
  let model: SGMN
  let tokenizer: TextTokenizer?
  let backend: any Backend
  let communicator: any Communicator
  let options: EvaluationOptions
  let textEncoder: (any TextFeatureEncoder)?
  let isStopRequested: () -> Bool

  /// - Parameters:
  ///   - model: with the same weights on every rank; they are not changed.
  ///   - tokenizer: what a model that encodes texts itself reads them with.
  ///   - textEncoder: what encodes the texts' words; nil takes the features that the shards hold.
  ///   - isStopRequested: asked before every batch; once it is true on a rank it must stay so.
  public init(
    model: SGMN, tokenizer: TextTokenizer? = nil, backend: any Backend, communicator: any Communicator,
    configuration: EvaluationOptions = EvaluationOptions(), textEncoder: (any TextFeatureEncoder)? = nil,
    isStopRequested: @escaping () -> Bool = { false }
  ) {
    self.isStopRequested = isStopRequested
    self.textEncoder = textEncoder
    self.model = model
    self.tokenizer = tokenizer
    self.backend = backend
    self.communicator = communicator
    options = configuration
  }

  /// The report, the same on every rank and for every rank count, bit for bit. Collective: a rank on which it throws
  /// must end the run (`Communicator.abort`), for the others may be waiting.
  ///
  /// - Parameters:
  ///   - usesText: whether the texts take part, if the model has any.
  ///   - progress: called on this rank at the beginning of every phase and after every batch.
  ///
  /// Throws `EvaluationStopped` on all ranks where one was asked to stop, `Fault(.configuration)` where the shards do
  /// not fit the model, `(.badData)` for a damaged sample or a set without clips, `(.ranksDiverged)` where ranks read
  /// different sets.
  public func evaluate(
    _ shards: ShardSet, usesText: Bool = true, progress: (EvaluationProgress) -> Void = { _ in }
  ) throws -> RetrievalReport {
    let text = usesText && model.configuration.text
    precondition(
      !text || model.configuration.encodesText == (tokenizer != nil), "a tokenizer for a model that reads none")
    try options.validate()
    try Evaluator.check(shards, fit: model.configuration, usesText: usesText && textEncoder == nil)
    try checkAgreement(shards)
    let plan = try ShardTask(shards) { text, embedding in
      tokenizer?.reads(text) ?? (textEncoder == nil ? !embedding.isEmpty : !text.isBlankText)
    }
    let tokens = text && model.configuration.readsTokens && textEncoder == nil
    let images = try encode(.images, plan.imageSamples, of: shards, tokens: tokens, progress) {
      try encodeImages($0, $1, plan, shards, text: text)
    }
    let clips = try encode(.clips, plan.clipSamples, of: shards, tokens: tokens, progress) {
      try encodeClips($1, text: text)
    }
    let ranks = try rank(plan.task, clips: clips, images: images, progress)
    return RetrievalReport(
      plan.task, ranks: ranks, textWeight: text ? model.configuration.lambdaText : nil, model: options.model,
      data: .init(folder: shards.folder, fingerprint: shards.fingerprint), texts: text ? plan.texts : nil)
  }

  /// Throws on all ranks where one was asked to stop. Collective.
  func throwIfStopped() throws {
    if try communicator.allReduceMax(isStopRequested() ? 1 : 0) > 0 { throw EvaluationStopped() }
  }

  func share(_ count: Int) -> WorkShare {
    WorkShare(itemCount: count, batchSize: options.batchSize, rankCount: communicator.rankCount)
  }

  /// The rank of the best right image of every query, computed by shares.
  private func rank(
    _ task: RetrievalTask, clips: EmbeddingTable, images: EmbeddingTable, _ progress: (EvaluationProgress) -> Void
  ) throws -> [Int?] {
    let share = share(task.queries.count)
    let total = share.itemCount(of: communicator.rank)
    var mine: [Int64] = []  // 0: none
    progress(EvaluationProgress(phase: .ranking, done: 0, total: total))
    for batch in share.batches(of: communicator.rank) {
      if isStopRequested() { break }
      for query in batch {
        let rank = task.rank(
          ofQuery: query, clips: clips, images: images, textWeight: model.configuration.lambdaText)
        mine.append(Int64(rank ?? 0))
      }
      progress(EvaluationProgress(phase: .ranking, done: mine.count, total: total))
    }
    try throwIfStopped()
    return try share.allGather(mine, width: 1, zero: 0, communicator).map { $0 == 0 ? nil : Int($0) }
  }
}

extension Evaluator {
  /// Throws `Fault(.configuration)` where a model cannot be evaluated on a set; costs nothing, so that a run can ask
  /// before it trains for days.
  ///
  /// - Parameters:
  ///   - usesText: whether the features of texts that the shards hold are needed.
  ///   - textEncoder: what encoded the texts that the model knows; nil where nobody says.
  public static func check(
    _ shards: ShardSet, fit model: ModelConfiguration, usesText: Bool = true, textEncoder: String? = nil
  ) throws {
    let (c, s) = (model, shards.configuration)
    guard s.resolution == c.resolution else {
      throw Fault(
        .configuration,
        "The shards hold pictures of \(s.resolution) pixels a side, the model sees \(c.resolution)", at: shards.folder,
        remedy: "Build the shards again at \(c.resolution), or evaluate a model of \(s.resolution)")
    }
    guard usesText, c.readsEmbeddings else { return }
    let remedy = "Build the shards with a text encoder of width \(c.textDim), or evaluate without text"
    guard s.textWidth > 0 else {
      throw Fault(
        .configuration, "The model compares texts, and the shards hold no text embeddings", at: shards.folder,
        remedy: remedy)
    }
    guard s.textWidth == c.textDim else {
      throw Fault(
        .configuration,
        "The shards hold text embeddings of \(s.textWidth) numbers, the model takes \(c.textDim)", at: shards.folder,
        remedy: remedy)
    }
    if let textEncoder, let stored = s.textEncoder, stored != textEncoder {
      throw Fault(
        .configuration, "The shards' texts were encoded by \(stored), the model knows those of \(textEncoder)",
        at: shards.folder, remedy: "Take shards with texts by \(textEncoder), or evaluate without text")
    }
    guard c.readsTokens else { return }
    let tokenRemedy =
      "Add token features of width \(c.textTokenDim) with sgmn-shard embed --tokens, or evaluate without text"
    guard let tokens = s.tokens else {
      throw Fault(
        .configuration, "The model's text filter is gated and needs token features; the shards hold none",
        at: shards.folder, remedy: tokenRemedy)
    }
    guard tokens.width == c.textTokenDim else {
      throw Fault(
        .configuration,
        "The shards hold token features of \(tokens.width) numbers, the model takes \(c.textTokenDim)",
        at: shards.folder, remedy: tokenRemedy)
    }
  }

  private func checkAgreement(_ shards: ShardSet) throws {
    let fingerprints = try communicator.allGather(shards.fingerprint)
    if let other = fingerprints.firstIndex(where: { $0 != fingerprints[0] }) {
      throw Fault(
        .ranksDiverged, "Rank \(other) reads other shards than rank 0", at: shards.folder,
        remedy: "Give every machine the same copy; sgmn-shard verify lists what is damaged")
    }
    let encoders = try communicator.allGather([UInt8]((textEncoder?.name ?? "").utf8))
    if let other = encoders.firstIndex(where: { $0 != encoders[0] }) {
      throw Fault(
        .ranksDiverged, "Rank \(other) encodes texts with another encoder than rank 0", at: shards.folder,
        remedy: "Give every machine the same copy of the encoder's folder")
    }
  }
}
