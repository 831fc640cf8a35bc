import Faults
import MediaDecoding
import ShardFormat
import WorkerProcesses

/// Decodes clips and pictures on many threads and ranks and writes them as shards.
///
/// A shard is made of a fixed range of the source's entries, so its bytes depend on them and the configuration alone,
/// never on the number of threads or ranks, or on how often the build was stopped. Shards appear under their names when
/// they are whole, and the index last.
public struct ShardBuilder: Sendable {
  /// What to do about a sample whose media cannot be read.
  public enum BadSamplePolicy: String, Sendable, CaseIterable {
    /// Stop at the first, naming it.
    case fail
    /// Leave it out, and say in its shard and in `rejected.jsonl` why.
    case skip
  }

  public let configuration: ShardConfiguration
  public let texts: TextVectors
  public let badSamplePolicy: BadSamplePolicy
  public let decoding: Decoding
  public let limits: MediaLimits

  /// `configuration.textEncoder` and `textWidth` are those of `texts`, whatever they were; there are no token features.
  public init(
    configuration: ShardConfiguration, texts: TextVectors, badSamplePolicy: BadSamplePolicy = .fail,
    decoding: Decoding, limits: MediaLimits = MediaLimits()
  ) throws {
    var configuration = configuration
    configuration.textEncoder = texts.name
    configuration.textWidth = texts.width
    configuration.tokens = nil
    try configuration.validate()
    self.configuration = configuration
    self.texts = texts
    self.badSamplePolicy = badSamplePolicy
    self.decoding = decoding
    self.limits = limits
  }

  /// What one thread does with an entry of a source: the sample as it is stored, or why it cannot be had.
  ///
  /// The outer closure is called on the thread, and readies its decoder.
  func makeWork(
    _ catalog: any SampleCatalog, _ cancellation: Cancellation
  ) -> @Sendable () -> (Int) -> Result<EncodedSample, any Error> {
    { [self] in
      let encoding = Result { try makeEncoding(cancellation) }
      return { index in Result { try encoding.get().encode(catalog.sample(at: index)) } }
    }
  }

  func makeEncoding(_ cancellation: Cancellation) throws -> any SampleEncoding {
    let settings = DecodeSettings(configuration: configuration, texts: texts, limits: limits)
    switch decoding {
    case .inProcess: return try SampleDecoder(settings)
    case .workers(let workers): return try WorkerEncoding(workers, settings: settings, cancellation: cancellation)
    }
  }
}
