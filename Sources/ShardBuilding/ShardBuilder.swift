import DurableFiles
import Faults
import MediaDecoding
import ShardFormat
import TextEncoding

/// Decodes clips and pictures on many threads and writes them as shards, in the order of the source.
///
/// The bytes depend on the samples and the configuration alone, never on the number of threads. Shards appear under
/// their names when they are whole, and the index last.
public struct ShardBuilder: Sendable {
  /// What to do about a sample whose media cannot be read.
  public enum BadSamplePolicy: String, Sendable, CaseIterable {
    /// Stop at the first, naming it.
    case fail
    /// Leave it out, count it and write it to `rejected.jsonl`.
    case skip
  }

  public let configuration: ShardConfiguration
  public let textEncoder: (any TextEncoder)?
  public let badSamplePolicy: BadSamplePolicy
  public let limits: MediaLimits

  /// `configuration.textEncoder` and `textWidth` are those of `textEncoder`, whatever they were.
  public init(
    configuration: ShardConfiguration, textEncoder: (any TextEncoder)?, badSamplePolicy: BadSamplePolicy = .fail,
    limits: MediaLimits = MediaLimits()
  ) throws {
    var configuration = configuration
    configuration.textEncoder = textEncoder?.name
    configuration.textWidth = textEncoder?.width ?? 0
    try configuration.validate()
    self.configuration = configuration
    self.textEncoder = textEncoder
    self.badSamplePolicy = badSamplePolicy
    self.limits = limits
  }

  /// What was built, and what was not.
  public struct Report: Sendable, Equatable {
    public var clipCount = 0
    /// Gallery pictures, stored without a clip.
    public var pictureCount = 0
    public var frameCount = 0
    /// Bytes of the encoded samples.
    public var byteCount = 0
    /// Left out, by cause.
    public var rejectedCounts: [String: Int] = [:]

    public var sampleCount: Int { clipCount + pictureCount }
    public var rejectedCount: Int { rejectedCounts.values.reduce(0, +) }
  }

  private struct Built: Sendable {
    var source: SampleSource
    var frameCount: Int
    var encoded: EncodedSample
  }

  /// Builds all samples of `samples` into the new set `folder`.
  ///
  /// `progress` is called after each sample with the report so far and the share of the source that was read. Throws
  /// `Fault(.outputUnavailable)` where the folder holds a finished set, what is wrong with the source always, and what
  /// is wrong with a sample's media under `.fail`.
  public func build(
    _ samples: any SampleSequence, to folder: String, threadCount: Int,
    progress: (Report, Double) -> Void = { _, _ in }
  ) throws -> Report {
    let writer = try ShardWriter(folder: folder, configuration: configuration)
    var rejects = RejectedSamples(folder: folder)
    var report = Report()
    var seen = Set<UInt64>()
    let images = PictureCache(capacity: 4 * threadCount)
    let decoders = ToolShelf {
      try SampleDecoder(configuration: configuration, textEncoder: textEncoder, limits: limits, images: images)
    }
    try OrderedPipeline<PendingSample, Result<Built, any Error>>.run(
      threadCount: threadCount,
      next: { try samples.next() },
      work: { pending in Result { try decoders.withTool { try ShardBuilder.build(pending, by: $0) } } },
      consume: { result in
        do {
          let built = try result.get()
          try ShardBuilder.refuseRepetition(of: built.source, in: &seen)
          try writer.append(encoded: built.encoded)
          report.byteCount += built.encoded.byteCount
          report.frameCount += built.frameCount
          if built.frameCount > 0 { report.clipCount += 1 } else { report.pictureCount += 1 }
        } catch let bad as BadSample {
          guard badSamplePolicy == .skip else {
            throw Fault(bad.fault.code, "\(bad.name): \(bad.fault.what)", at: bad.fault.place, remedy: bad.fault.remedy)
          }
          rejects.append(bad)
          report.rejectedCounts[bad.cause, default: 0] += 1
        }
        progress(report, samples.progress)
      })
    guard report.sampleCount > 0 else {
      throw Fault(
        .badData, report.rejectedCount > 0 ? "Not one of \(report.rejectedCount) samples could be read" : "No samples",
        at: folder)
    }
    try rejects.write()
    try writer.finish()
    return report
  }

  private static func refuseRepetition(of source: SampleSource, in seen: inout Set<UInt64>) throws {
    let key = source.clipID.isEmpty ? "image/\(source.liveID)/\(source.imageID)" : "clip/\(source.clipID)"
    guard seen.insert(XXH3.hash(key)).inserted else {
      throw Fault(.badData, "The \(source.name) occurs twice", remedy: "Give each clip its own clip_id")
    }
  }

  /// One sample, decoded and encoded; on a worker's thread.
  private static func build(_ pending: PendingSample, by decoder: SampleDecoder) throws -> Built {
    let source = try pending.parse()
    do {
      let (encoded, frameCount) = try decoder.encode(source)
      return Built(source: source, frameCount: frameCount, encoded: encoded)
    } catch let fault as Fault {
      throw BadSample(name: source.name, id: source.clipID.isEmpty ? source.imageID : source.clipID, fault: fault)
    }
  }
}
