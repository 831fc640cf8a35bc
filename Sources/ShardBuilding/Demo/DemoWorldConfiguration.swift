import Faults
import MediaDecoding

/// How large a demo world is, and which one.
public struct DemoWorldConfiguration: Codable, Sendable, Equatable {
  /// Worlds of equal seed and counts are equal, whatever the number of threads.
  public var seed: UInt64 = 1
  public var trainLiveCount = 16
  public var testLiveCount = 6
  /// Products of a training live.
  public var trainProductCount = 50
  /// Products of a test live, all in its gallery: a random guess is right once in so many.
  public var testProductCount = 56
  /// Clips of a product of a training live.
  public var trainClipCount = 6
  public var testClipCount = 2
  /// Frames of a clip, six a second.
  public var frameCount = 8
  /// Pixels of a frame's side, even. Photographs are a third larger.
  public var side = 96
  public var codec = VideoWriter.Codec.mpeg4

  public init() {}

  /// Throws `Fault(.usage)` naming the count that cannot be had.
  public func validate() throws {
    let positive = [
      ("train-products", trainProductCount), ("test-products", testProductCount), ("train-clips", trainClipCount),
      ("test-clips", testClipCount), ("frames", frameCount),
    ]
    for (name, value) in positive where !(1...10_000).contains(value) {
      throw Fault(.usage, "--\(name) \(value) is not within 1 … 10000")
    }
    for (name, value) in [("train-lives", trainLiveCount), ("test-lives", testLiveCount)]
    where !(0...10_000).contains(value) {
      throw Fault(.usage, "--\(name) \(value) is not within 0 … 10000")
    }
    guard trainLiveCount + testLiveCount > 0 else { throw Fault(.usage, "A world without lives") }
    guard side % 2 == 0, (32...1024).contains(side) else {
      throw Fault(.usage, "--side \(side) is not an even number within 32 … 1024")
    }
    // Test products never appear in training, so the world must leave training enough others.
    let half = DemoProduct.combinationCount / 2
    guard testLiveCount * testProductCount <= half, trainProductCount <= half / 2 else {
      throw Fault(
        .usage, "There are \(DemoProduct.combinationCount) different products, too few for these counts",
        remedy: "Keep test-lives × test-products within \(half) and train-products within \(half / 2)")
    }
  }
}
