import DurableFiles
import Faults

extension ShardSet {
  /// The token features of a sample's texts: one or two reads, and four small ones for the directory of its shard where
  /// that is not known: at its first sample, and again after more directories were asked for than `OpenShards` keeps.
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

  /// Bytes of a shard that only its token features take: those themselves, their directory, and the lines of both
  /// sections; 0 in a set that has none. `Fault(.badData)` for a damaged directory.
  public func tokenByteCount(ofShard shard: Int) throws -> Int {
    guard configuration.tokens != nil, let directory = try tokenDirectory(ofShard: shard).1 else { return 0 }
    return directory.storedByteCount + directory.featureByteCount + 2 * ShardLimits.sectionByteCount
  }

  /// Where the features of samples side by side in one shard are, ascending; nothing where that is not known. Texts
  /// that these samples name first lie side by side, those that earlier ones named anywhere before.
  func tokenExtents(of numbers: Range<Int>) -> [Range<Int>] {
    guard configuration.tokens != nil, let first = numbers.first else { return [] }
    let shard = shardNumber(of: first)
    guard let directory = (try? tokenDirectory(ofShard: shard))?.1 else { return [] }
    let start = samples(ofShard: shard).lowerBound
    let texts = Set(
      numbers.flatMap { number in
        let named = directory.numbers(ofSample: number - start)
        return [named.title, named.asr].compactMap { $0 }
      })
    var extents: [Range<Int>] = []
    for text in texts.sorted().map(directory.text) {
      let end = text.offset + directory.byteCount(of: text)
      if let last = extents.last, last.upperBound == text.offset {
        extents[extents.count - 1] = last.lowerBound..<end
      } else {
        extents.append(text.offset..<end)
      }
    }
    return extents
  }
}

extension TokenDirectory {
  /// The texts of a sample, title first, with their numbers. Throws `Fault(.badData)` without a place unless they are
  /// there where it has embeddings, and are those of its texts.
  func texts(ofSample sample: Int, _ summary: SampleSummary) throws -> [(number: Int, text: Text)] {
    let (title, asr) = numbers(ofSample: sample)
    guard (title == nil) == summary.titleEmbedding.isEmpty, (asr == nil) == summary.asrEmbedding.isEmpty else {
      throw Fault(.badData, "A text of the sample has only one of embedding and token features")
    }
    return try [(title, summary.title), (asr, summary.asr)].compactMap { number, text in
      guard let number else { return nil }
      let named = self.text(number)
      guard named.textHash == XXH3.hash(text) else {
        throw Fault(.badData, "The token features that the sample names are those of another text")
      }
      return (number, named)
    }
  }
}

extension RecordReader {
  /// The features of a sample's texts, checked.
  func tokens(
    _ directory: TokenDirectory, number: Int, _ summary: SampleSummary, in file: any ShardBytes
  ) throws -> SampleTokens {
    _ = try directory.texts(ofSample: number, summary)
    let (title, asr) = directory.texts(ofSample: number)
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
