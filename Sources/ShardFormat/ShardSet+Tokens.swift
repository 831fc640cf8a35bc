import DurableFiles
import Faults

extension ShardSet {
  /// The token features of a sample's texts: one or two reads, and at the first sample of a shard three small ones for
  /// its directory.
  ///
  /// - Parameter summary: of the sample; features must be there where it has embeddings.
  ///
  /// Throws `Fault(.badData)` for damaged features or directory. Only for a set that has them (`configuration.tokens`).
  public func tokens(
    of summary: SampleSummary, at number: Int, using decoder: ShardDecoder
  ) throws -> SampleTokens {
    precondition(configuration.tokens != nil, "token features of a set that has none")
    return try located(number, clipID: summary.clipID) { _, shard, _ in
      let (file, directory) = try tokenDirectory(ofShard: shard)
      guard let directory else { preconditionFailure("a set with token features has directories") }
      return try decoder.records.tokens(
        directory, number: number - samples(ofShard: shard).lowerBound, summary, in: file)
    }
  }

  /// How many tokens the texts of a sample have, from the directory of its shard; nil where there are no features.
  public func tokenCounts(at number: Int) throws -> (title: Int?, asr: Int?) {
    guard configuration.tokens != nil else { return (nil, nil) }
    return try located(number, clipID: nil) { _, shard, _ in
      let texts = try tokenDirectory(ofShard: shard).1?.texts(ofSample: number - samples(ofShard: shard).lowerBound)
      return (texts?.title?.count, texts?.asr?.count)
    }
  }

  /// Where the features of samples side by side in one shard are, without gaps but for texts that earlier samples
  /// named; empty where that is not known.
  func tokenExtent(of numbers: Range<Int>) -> Range<Int> {
    guard configuration.tokens != nil, let first = numbers.first else { return 0..<0 }
    let shard = shardNumber(of: first)
    guard let directory = (try? tokenDirectory(ofShard: shard))?.1 else { return 0..<0 }
    let start = samples(ofShard: shard).lowerBound
    // Texts stand in the order in which samples name them first: what these name anew lies side by side.
    var (low, high) = (Int.max, 0)
    for number in numbers {
      let texts = directory.texts(ofSample: number - start)
      for text in [texts.title, texts.asr] {
        guard let text else { continue }
        low = min(low, text.offset)
        high = max(high, text.offset + directory.byteCount(of: text))
      }
    }
    return low < high ? low..<high : 0..<0
  }
}

extension RecordReader {
  /// The features of a sample's texts, checked.
  func tokens(
    _ directory: TokenDirectory, number: Int, _ summary: SampleSummary, in file: any ShardBytes
  ) throws -> SampleTokens {
    let (title, asr) = directory.texts(ofSample: number)
    guard (title == nil) == summary.titleEmbedding.isEmpty, (asr == nil) == summary.asrEmbedding.isEmpty else {
      throw Fault(.badData, "A text of the sample has only one of embedding and token features")
    }
    for (named, text) in [(title, summary.title), (asr, summary.asr)] {
      guard let named, named.textHash != XXH3.hash(text) else { continue }
      throw Fault(.badData, "The token features that the sample names are those of another text")
    }
    if let title, let asr, title.offset + directory.byteCount(of: title) == asr.offset {
      let both = try features([title, asr], directory, in: file)
      return SampleTokens(title: both[0], asr: both[1])
    }
    return SampleTokens(
      title: try title.map { try features([$0], directory, in: file)[0] },
      asr: try asr.map { try features([$0], directory, in: file)[0] })
  }

  /// The features of texts that stand side by side, in one read.
  func features(
    _ texts: [TokenDirectory.Text], _ directory: TokenDirectory, in file: any ShardBytes
  ) throws -> [TokenFeatures] {
    let bytes = try tokenBytes(
      at: texts[0].offset, count: texts.reduce(0) { $0 + directory.byteCount(of: $1) }, in: file)
    let start = MonotonicSeconds.now
    defer { timings.checkSeconds += MonotonicSeconds.now - start }
    var offset = 0
    return try texts.map { text in
      let own = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + directory.byteCount(of: text)])
      offset += own.count
      return try EncodedTokens.features(checking: own, text)
    }
  }
}
