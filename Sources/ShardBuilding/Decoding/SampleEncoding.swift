import ShardFormat

/// What turns a sample's media and texts into what stands in a shard. Made, used and released by one thread.
protocol SampleEncoding: AnyObject {
  /// Throws `BadSample` where only this sample cannot be had; anything else stops the build.
  func encode(_ source: SampleSource) throws -> EncodedSample

  /// The most memory so far of a process of its own; 0 without one.
  var peakMemoryByteCount: Int { get }
}
