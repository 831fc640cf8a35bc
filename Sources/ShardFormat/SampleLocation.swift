/// Where a sample is stored, for messages.
public struct SampleLocation: Equatable, Sendable, CustomStringConvertible {
  public var path: String
  public var offset: Int
  public var byteCount: Int
  /// The number of the sample in the set.
  public var sampleNumber: Int

  /// `FOLDER/shard-00003.sgmn: byte 4096, sample 317`
  public var description: String { "\(path): byte \(offset), sample \(sampleNumber)" }
}
