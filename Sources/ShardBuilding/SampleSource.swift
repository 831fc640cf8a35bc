import Faults

/// A sample to build: its identifiers, its texts, and where its pictures are.
public struct SampleSource: Sendable, Equatable {
  public enum Frames: Sendable, Equatable {
    /// A gallery picture alone.
    case none
    /// A video file.
    case video(String)
    /// Picture files, in order, all the frames there are.
    case pictures([String])
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
  /// Path of the product picture.
  public var image = ""

  /// What messages call the sample: its clip, or the picture where it has none.
  public var name: String { clipID.isEmpty ? "image \(imageID)" : "clip \(clipID)" }
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
