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
