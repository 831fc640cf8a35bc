import CLibAV
import Faults

/// A clip on disk: MP4, WebM and what else libav reads.
///
/// Only the local file system is reached, whatever the path or the file says. Frames come in presentation order, as
/// stored (rotation metadata is not applied). Decoding holds one frame at a time.
public struct VideoFile: Sendable {
  public let location: MediaLocation
  public let limits: MediaLimits

  public init(_ location: MediaLocation, limits: MediaLimits = MediaLimits()) {
    self.location = location
    self.limits = limits
  }

  public init(path: String, limits: MediaLimits = MediaLimits()) {
    self.init(MediaLocation(path), limits: limits)
  }

  /// The exact number of frames, by decoding every one.
  ///
  /// Throws `Fault(.inputMissing)` without the file, `Fault(.badData)` where it is not a whole video.
  public func frameCount() throws -> Int {
    try decoding { decoder in
      var count = 0
      while try decoder.next() != nil { count = try checked(count + 1) }
      return count
    }
  }

  /// At most `limit` frames at even spacing (`FrameSampling.evenIndices` over the decoded frames), each turned into
  /// what `transform` makes of it before the next is decoded.
  ///
  /// The container's own count only saves a pass: it is verified against the frames that came, and where it was wrong
  /// or missing, the clip is read again by the true count.
  ///
  /// `conversion` keeps its tables from clip to clip, where one thread hands it to many.
  ///
  /// Throws `Fault(.inputMissing)` without the file, `Fault(.badData)` where it is not a whole video.
  public func frames<Output>(
    limit: Int, using conversion: PixelConversion = PixelConversion(), transform: (RGBImage) throws -> Output
  ) throws -> [(index: Int, frame: Output)] {
    try decodedFrames(limit: limit) { try transform(try conversion.image(of: $0)) }
  }

  /// The same with libav's own frames, each valid within `transform`.
  func decodedFrames<Output>(
    limit: Int, transform: (UnsafeMutablePointer<AVFrame>) throws -> Output
  ) throws -> [(index: Int, frame: Output)] {
    var known: Int?
    for _ in 0..<3 {  // by the container's count, by none, by the count of the pass before
      let pass = try decoding { decoder in
        let claimed = decoder.claimedFrameCount
        let count = known ?? ((1...limits.maximumFrameCount).contains(claimed) ? claimed : 0)
        return try sample(decoder, frameCount: count, limit: limit, transform)
      }
      guard pass.frameCount > 0 else { throw Fault(.badData, "A video without a frame", at: location.description) }
      if let frames = pass.frames { return frames }
      known = pass.frameCount
    }
    throw Fault(.badData, "A video that decodes to a different number of frames each time", at: location.description)
  }

  /// Decodes all frames, keeping those that stand for a clip of `frameCount`; no frames where it has another number.
  private func sample<Output>(
    _ decoder: VideoDecoder, frameCount: Int, limit: Int,
    _ transform: (UnsafeMutablePointer<AVFrame>) throws -> Output
  ) throws -> (frameCount: Int, frames: [(index: Int, frame: Output)]?) {
    let indices = FrameSampling.evenIndices(frameCount: frameCount, limit: limit)
    var frames: [(index: Int, frame: Output)] = []
    var count = 0
    while let frame = try decoder.next() {
      if frames.count < indices.count, indices[frames.count] == count {
        frames.append((count, try transform(frame)))
      }
      count = try checked(count + 1)
    }
    return (count, count == frameCount ? frames : nil)
  }

  private func checked(_ count: Int) throws -> Int {
    guard count <= limits.maximumFrameCount else {
      throw MediaFailure("More than \(limits.maximumFrameCount) frames")
    }
    return count
  }

  private func decoding<Result>(_ body: (VideoDecoder) throws -> Result) throws -> Result {
    let bytes = try MediaBytes(location)
    return try MediaFailure.naming(location.description, remedy: VideoFile.remedy) {
      try body(try VideoDecoder(bytes, limits: limits))
    }
  }

  static let remedy = "Replace the file, or leave bad samples out with --on-bad skip"
}
