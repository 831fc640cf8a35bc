extension ShardSet {
  /// Tells the storage that some samples, side by side in the set, will be read soon. Only a hint: what cannot be had is
  /// found when it is read.
  ///
  /// - Parameter tokens: whether their token features will be read too.
  public func willRead(_ numbers: Range<Int>, tokens: Bool = false) {
    var first = numbers.lowerBound
    while first < numbers.upperBound {
      let shard = shardNumber(of: first)
      let part = first..<min(numbers.upperBound, samples(ofShard: shard).upperBound)
      first = part.upperBound
      guard let extent = extent(of: part), let file = try? bytes(ofShard: shard) else { continue }
      file.willRead(extent.offset..<extent.offset + extent.byteCount)
      if tokens { for features in tokenExtents(of: part) { file.willRead(features) } }
    }
  }
}
