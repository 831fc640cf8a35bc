import DurableFiles
import MediaDecoding

/// A sample to build: its identifiers, its texts, and where its pictures are.
public struct SampleSource: Codable, Sendable, Equatable {
  public enum Frames: Codable, Sendable, Equatable {
    /// A gallery picture alone.
    case none
    /// A video.
    case video(MediaLocation)
    /// Pictures, in order, all the frames there are.
    case pictures([MediaLocation])
  }

  public var clipID = ""
  public var imageID = ""
  public var liveID = ""
  public var productID = ""
  public var categoryID = ""
  public var title = ""
  public var asr = ""
  public var tags: [String: String] = [:]
  public var rightImageIDs: [String] = []
  public var frames: Frames = .none
  /// The product picture.
  public var image = MediaLocation("")
  /// Given vectors; empty where a text has none yet, or the set has none at all.
  public var titleEmbedding: [Float] = []
  public var asrEmbedding: [Float] = []

  public init() {}

  /// What messages call the sample: its clip, or the picture where it has none.
  public var name: String { clipID.isEmpty ? "image \(imageID)" : "clip \(clipID)" }

  /// What the list of samples that were left out calls it.
  public var id: String { clipID.isEmpty ? imageID : clipID }

  /// `SampleCatalog.key` of this sample.
  public var key: UInt64 { SampleSource.key(clipID: clipID, liveID: liveID, imageID: imageID) }

  static func key(clipID: String, liveID: String, imageID: String) -> UInt64 {
    XXH3.hash(clipID.isEmpty ? "image/\(liveID)/\(imageID)" : "clip/\(clipID)")
  }
}

/// An entry of a source before it is parsed; parsing (and looking for its files) happens on a worker's thread.
public struct PendingSample: Sendable {
  let parse: @Sendable () throws -> SampleSource
}

/// Samples in the order they shall be stored in. One thread at a time.
public protocol SampleSequence: AnyObject {
  /// The next sample, or nil after the last.
  func next() throws -> PendingSample?
  /// The share of the source handed out, 0 … 1.
  var progress: Double { get }
}

/// A catalog from its first entry to its last.
public final class CatalogSequence: SampleSequence {
  private let catalog: any SampleCatalog
  private var position = 0

  public init(_ catalog: any SampleCatalog) { self.catalog = catalog }

  public var progress: Double { catalog.count == 0 ? 1 : Double(position) / Double(catalog.count) }

  public func next() -> PendingSample? {
    guard position < catalog.count else { return nil }
    let (catalog, index) = (catalog, position)
    position += 1
    return PendingSample { try catalog.sample(at: index) }
  }
}
