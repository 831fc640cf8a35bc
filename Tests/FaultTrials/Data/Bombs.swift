import Faults
import Foundation
import ShardFormat

extension FaultTrial {
  static var bombs: FaultTrial {
    FaultTrial(number: 20, name: "pixels explode when they are decompressed", ranks: [1], quickRanks: [1]) { _ in
      let folder = try World.shared().folder + "/bombs-\(UUID().uuidString)"
      let size = try makeSet(folder)
      let original = try Forgery(folder: folder)
      let truth = try original.samples()
      let good = HostileFrame.zeros(size, told: size)
      let frames: [(name: String, bytes: [UInt8])] = [
        ("10 GB that say so", HostileFrame.zeros(10 << 30, told: 10 << 30)),
        ("10 GB that say to be the picture", HostileFrame.zeros(10 << 30, told: size)),
        ("10 KB that become 300 MB and say 1 KB", HostileFrame.zeros(300 << 20, told: 1 << 10)),
        ("one byte more than it says", HostileFrame.zeros(size + 1, told: size)),
        ("one byte less than it says", HostileFrame.zeros(size - 1, told: size)),
        ("a frame that does not say its size", HostileFrame.zeros(size, told: nil)),
        ("2⁶⁴ - 1 bytes", HostileFrame.zeros(size, told: -1)),
        ("a million empty frames", Array(repeating: HostileFrame.empty, count: 1_000_000).flatMap { $0 } + good),
        ("a frame to pass over", HostileFrame.skippable(1000) + good),
        (
          "a frame to pass over that is larger than the file",
          Array(HostileFrame.skippable(8).prefix(4)) + [0xFF, 0xFF, 0xFF, 0x7F]
        ),
        ("two frames", good + good), ("no frame", []), ("four bytes of a frame", Array(good.prefix(4))),
      ]
      let memory = PeakMemory()
      for (name, bytes) in frames {
        var forged = original
        forged.replacePixels(with: bytes)
        guard let fault = try forged.finding(truth: truth) else { throw TrialFailure("\(name): nothing is found") }
        guard fault.code == .badData, fault.place?.contains("sample") == true else {
          throw TrialFailure("\(name): \(fault)")
        }
      }
      // A window of 2 GiB in front of the right picture: no window is ever allocated, so it is read as any other.
      var wide = original
      wide.replacePixels(with: HostileFrame.zeros(size, told: size, windowLog: 31))
      let read = try wide.samples()
      guard read.dropLast() == truth.dropLast(), read.last?.frames.allSatisfy({ $0 == 0 }) == true else {
        throw TrialFailure("other pixels out of a frame with a wide window")
      }
      let growth = try memory.growth(for: "to refuse a bomb")
      var forged = original
      forged.replacePixels(with: frames[1].bytes)
      for (name, bytes) in forged.storage.files {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
      let result = try Refusal(code: 65, told: ["1 problem in 1 shard"])
        .expect(of: Command("sgmn-shard", ["verify", folder]))
      guard result.standardOutput.contains("byte \(forged.record(original.sampleCount - 1).head), sample") else {
        throw TrialFailure("no place of the bomb: \(Oracle.excerpt(result))")
      }
      return "\(frames.count) of \(frames.count) refused, \(growth); a window of 2 GiB costs none"
    }
  }

  /// A set of four samples in RGB; the bytes of a clip's pixels.
  private static func makeSet(_ folder: String) throws -> Int {
    let configuration = ShardConfiguration(
      resolution: 8, maximumFrameCount: 2, pixelEncoding: .rgb, samplesPerShard: 4)
    let writer = try ShardWriter(folder: folder, configuration: configuration)
    let picture = 3 * 8 * 8
    for number in 0..<4 {
      try writer.append(
        Sample(
          clipID: "clip-\(number)", imageID: "image-\(number)", liveID: "live", productID: "product-\(number)",
          frameIndices: [0, 1], frames: (0..<2 * picture).map { UInt8(truncatingIfNeeded: $0 &* (number + 3)) },
          image: (0..<picture).map { UInt8(truncatingIfNeeded: $0 &+ number) }))
    }
    try writer.finish()
    return 2 * picture
  }
}
