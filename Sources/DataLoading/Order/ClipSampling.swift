import Randomness

/// Which frames of a clip a training step sees: pure functions of small numbers.
public enum ClipSampling {
  /// The frames that stay after the training augmentation: with `probability` a clip loses a share of its frames that
  /// is drawn from 0, 0.1 … 0.9; the tail goes, and at least one frame stays.
  ///
  /// - Parameter position: the place of the clip in the epoch; the same clip loses other frames in another epoch.
  /// - Returns: how many of the first frames stay, 1 … `frameCount` (0 for 0).
  public static func keptFrameCount(
    of frameCount: Int, probability: Double, seed: UInt64, epoch: Int, position: Int
  ) -> Int {
    var stream = RandomStream(seed: seed, "drop tail", epoch, position)
    guard frameCount > 1, stream.uniform() < probability else { return frameCount }
    let tenths = stream.integer(below: 10)
    return max(1, frameCount - frameCount * tenths / 10)
  }

  /// At most `limit` of `frameCount` frames, at even spacing from the first to the last: `linspace(0, n − 1, L)`
  /// truncated, in whole numbers so that no rounding moves a frame.
  public static func evenFrames(of frameCount: Int, limit: Int) -> [Int] {
    precondition(limit >= 1, "a clip of at most \(limit) frames")
    if frameCount <= limit { return Array(0..<frameCount) }
    if limit == 1 { return [0] }
    return (0..<limit).map { $0 * (frameCount - 1) / (limit - 1) }
  }
}
