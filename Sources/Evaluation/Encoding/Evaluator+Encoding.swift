import Collectives
import DataLoading
import SGMNModel
import ShardFormat
import TensorCore
import TextEncoding

// Axes: B pictures or clips of a batch, L frames a clip at most, D embedding, E text features.

extension Evaluator {
  /// Embeddings of one batch, (B, D) each, which a device may still be computing; no text without text.
  struct EncodedBatch {
    var visual: Tensor
    var text: () -> [Float] = { [] }
  }

  /// The embeddings of one item a sample of `samples`, on every rank; `body` encodes one batch of this rank's share:
  /// the numbers of its items, and their samples, with `tokens` those of their texts too.
  ///
  /// The next batch is read and decompressed while one is encoded; on a device it is also put together and queued before
  /// the one before is waited for.
  func encode(
    _ phase: EvaluationProgress.Phase, _ samples: [Int], of shards: ShardSet, tokens: Bool = false,
    _ progress: (EvaluationProgress) -> Void, _ body: (Range<Int>, [Sample]) throws -> EncodedBatch
  ) throws -> EmbeddingTable {
    let share = share(samples.count)
    let batches = share.batches(of: communicator.rank)
    let reader = SequentialReader(
      set: shards, numbers: batches.flatMap { samples[$0] }, prefetchCount: options.batchSize,
      threadCount: readerThreadCount, tokens: tokens)
    defer { reader.stop() }
    let total = share.itemCount(of: communicator.rank)
    var done = 0
    var (visual, text) = ([Float](), [Float]())
    progress(EvaluationProgress(phase: phase, done: 0, total: total))
    var queued: (batch: Range<Int>, encoded: EncodedBatch)?
    func finish() throws {
      guard let (batch, encoded) = queued else { return }
      visual += encoded.visual.floats()
      text += encoded.text()
      try backend.throwIfFailed()
      done += batch.count
      progress(EvaluationProgress(phase: phase, done: done, total: total))
    }
    for batch in batches {
      if isStopRequested() { break }
      var read: [Sample] = []
      while read.count < batch.count, let element = try reader.next() { read.append(element.sample) }
      let encoded = try body(batch, read)
      try finish()
      queued = (batch, encoded)
    }
    try finish()
    try throwIfStopped()
    // A rank without an item has no text either, so whether there is any is asked of all.
    let width = model.configuration.embedDim
    let hasText = try communicator.allReduceMax(text.count) > 0
    return EmbeddingTable(
      count: samples.count, visual: try share.allGather(visual, width: width, zero: 0, communicator),
      text: hasText ? try share.allGather(text, width: width, zero: 0, communicator) : nil)
  }

  /// Unit embeddings of the images of `samples`, which are pictures `batch` of the task, and of their titles.
  func encodeImages(
    _ batch: Range<Int>, _ samples: [Sample], _ plan: ShardTask, _ shards: ShardSet, text: Bool
  ) throws -> EncodedBatch {
    let visual = model.imageEmbeddings(samples.flatMap(\.image), backend: backend)
    guard text else { return EncodedBatch(visual: visual) }
    if let textEncoder {
      let titles = try zip(batch, samples).map { image, sample in
        guard let titled = plan.titleSamples[image] else { return "" }
        return titled == plan.imageSamples[image] ? sample.title : try shards.summary(at: titled).title
      }
      return EncodedBatch(visual: visual, text: textRows(try encoded(titles, by: textEncoder), .title))
    }
    let titles = try zip(batch, samples).map { image, sample in
      guard let titled = plan.titleSamples[image] else { return StoredText() }
      if titled == plan.imageSamples[image] {
        return storedText(sample.title, sample.titleEmbedding, sample.tokens.title)
      }
      let summary = try shards.summary(at: titled)
      let tokens =
        model.configuration.readsTokens
        ? try shards.tokens(of: summary, at: titled, using: ShardDecoder()).title : nil
      return storedText(summary.title, summary.titleEmbedding, tokens)
    }
    return EncodedBatch(visual: visual, text: textRows(titles, .title))
  }

  /// Unit embeddings of the clips of `samples` and of their ASR.
  func encodeClips(_ samples: [Sample], text: Bool) throws -> EncodedBatch {
    let limit = model.configuration.frames
    var clips = ClipBatch(
      clipCount: samples.count, frameCount: limit, frames: [], frameSlots: [],
      mask: [Bool](repeating: false, count: samples.count * limit))
    for (clip, sample) in samples.enumerated() { clips.append(sample, as: clip) }
    let visual = model.clipEmbeddings(clips, backend: backend)
    guard text else { return EncodedBatch(visual: visual) }
    let texts =
      try textEncoder.map { try encoded(samples.map(\.asr), by: $0) }
      ?? samples.map { storedText($0.asr, $0.asrEmbedding, $0.tokens.asr) }
    return EncodedBatch(visual: visual, text: textRows(texts, .asr))
  }

  /// What a set would hold of these texts.
  private func encoded(_ texts: [String], by encoder: any TextFeatureEncoder) throws -> [StoredText] {
    let encoded = try EncodedTexts(texts, by: encoder, keepsTokens: model.configuration.readsTokens)
    return zip(encoded.pooled, encoded.tokens).map { StoredText(pooled: $0, tokens: $1) }
  }

  /// What a set holds of a text; empty where there is none.
  private struct StoredText {
    var pooled: [Float] = []
    /// For the gated filter.
    var tokens: TokenFeatures?
    /// For a model that encodes texts itself.
    var ids: [Int32] = []

    var isEmpty: Bool { pooled.isEmpty && ids.isEmpty }
  }

  /// What the model takes of a text: its tokens, or what is stored.
  private func storedText(_ text: String, _ pooled: [Float], _ tokens: TokenFeatures?) -> StoredText {
    if let tokenizer { return StoredText(ids: tokenizer.ids(of: text)) }
    return StoredText(pooled: pooled, tokens: tokens)
  }

  /// Unit embeddings (B, D) of texts, rows of zeros where there is none.
  private func textRows(_ texts: [StoredText], _ kind: SGMN.TextKind) -> () -> [Float] {
    let width = model.configuration.embedDim
    let zeros = [Float](repeating: 0, count: texts.count * width)
    let present = texts.indices.filter { !texts[$0].isEmpty }
    var input = PairBatch.TextInput(
      pooled: present.flatMap { texts[$0].pooled }, ids: present.map { texts[$0].ids })
    if model.configuration.readsTokens {
      let padded = PaddedTokens(present.map { texts[$0].tokens }, width: model.configuration.textTokenDim)
      (input.tokens, input.tokenMask) = (padded.values, padded.mask)
    }
    guard !present.isEmpty,
      let output = model.textEmbeddings(input, kind, count: present.count, backend: backend)
    else { return { zeros } }
    return {
      let values = output.floats()
      var rows = zeros
      for (row, place) in present.enumerated() {
        rows.replaceSubrange((place * width)..<((place + 1) * width), with: values[(row * width)..<((row + 1) * width)])
      }
      return rows
    }
  }

  /// A processor that encodes reads beside it with one thread; a GPU leaves the rank's share of the cores to readers.
  private var readerThreadCount: Int {
    backend.kind == .cpu
      ? 1 : min(8, Topology.current().threadCount(localRankCount: communicator.localRankCount))
  }
}

extension ClipBatch {
  /// Puts the frames of a sample into the batch, at even spacing where there are more than it has room for.
  fileprivate mutating func append(_ sample: Sample, as clip: Int) {
    let pictureByteCount = sample.image.count
    for (place, frame) in ClipSampling.evenFrames(of: sample.frameCount, limit: frameCount).enumerated() {
      frames += sample.frames[(frame * pictureByteCount)..<((frame + 1) * pictureByteCount)]
      frameSlots.append(Int32(clip * frameCount + place))
      mask[clip * frameCount + place] = true
    }
  }
}
