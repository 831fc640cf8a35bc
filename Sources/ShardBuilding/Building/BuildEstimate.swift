import DurableFiles
import Faults
import Telemetry

/// What a build will take, from a probe of its source.
public struct BuildEstimate: Codable, Sendable, Equatable {
  /// Entries that are to be built.
  public var entryCount: Int
  public var probedCount: Int
  /// Probed entries that cannot be read.
  public var rejectedCount: Int
  /// Bytes of a sample without its product picture, and of a product picture, as they are stored.
  public var sampleByteCount: Double
  public var pictureByteCount: Double
  /// Product pictures for one sample: those of neighbours are stored once.
  public var picturesPerSample: Double
  /// Seconds that one thread takes for an entry.
  public var secondsPerEntry: Double
  /// Threads of all ranks.
  public var threadCount: Int
  /// The most memory of one decoder, and of a process that has no decoders of its own.
  public var decoderMemoryByteCount: Int
  public var processMemoryByteCount: Int
  public var rankCount: Int
  /// The folder, and what this user may still write there.
  public var folder: String
  public var freeByteCount: Int

  /// Bytes of a sample with its share of a picture.
  public var bytesPerSample: Double { sampleByteCount + picturesPerSample * pictureByteCount }

  /// Bytes of all shards, as if all entries could be read.
  public var byteCount: Int { Int(min(bytesPerSample * Double(entryCount), 1e18)) }

  /// Time that all threads together take.
  public var seconds: Double { secondsPerEntry * Double(entryCount) / Double(threadCount) }

  public var memoryByteCount: Int {
    threadCount * decoderMemoryByteCount + rankCount * processMemoryByteCount
  }

  /// Throws `Fault(.inputOutput)` where the disk has no room for the shards.
  public func refuseSmallDisk() throws {
    guard byteCount > freeByteCount else { return }
    throw Fault(
      .inputOutput,
      "The shards need about \(Format.byteCount(byteCount)), and \(Format.byteCount(freeByteCount)) are free",
      at: folder, remedy: "Free space, choose another folder, or do without this check (--no-estimate)")
  }
}
