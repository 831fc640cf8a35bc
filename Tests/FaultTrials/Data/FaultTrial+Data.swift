extension FaultTrial {
  /// Shards, samples and media that are not what they should be.
  static var dataTrials: [FaultTrial] {
    [
      cutShard, flippedBytes, wrongShards, shardCutWhileRead, lyingIndex, bombs, readErrors, slowReads, badDecoder,
    ]
  }
}
