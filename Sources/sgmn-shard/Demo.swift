import ArgumentParser
import Faults
import MediaDecoding
import ShardBuilding

/// `sgmn-shard demo`: paints a small world to try everything on.
struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws a small world of live commerce: clips, pictures, texts, manifests.",
    discussion: """
      The default world (4,800 training and 672 test clips) takes half a minute of one core. A random guess in it is right
      once in 56.

        sgmn-shard demo --out demo
        sgmn-shard build --manifest demo/train.jsonl --out shards/train --resolution 48 --frames 4
        sgmn-shard build --manifest demo/test.jsonl --out shards/test --resolution 48 --frames 4
      """)

  @Option(name: .customLong("out"), help: ArgumentHelp("The folder to make; must not exist.", valueName: "folder"))
  var output: String
  @Option(help: "Another seed is another world.") var seed: UInt64 = 1
  @Option(help: "Lives to train on.") var trainLives = 16
  @Option(help: "Lives to test on.") var testLives = 6
  @Option(help: "Products of a training live.") var trainProducts = 50
  @Option(help: "Products of a test live, its gallery.") var testProducts = 56
  @Option(help: "Clips of a product of a training live.") var trainClips = 6
  @Option(help: "Clips of a product of a test live.") var testClips = 2
  @Option(help: "Frames of a clip.") var frames = 8
  @Option(help: "Pixels of a frame's side.") var side = 96
  @Option(help: "How clips are encoded: mpeg4 (quick) or h264.") var codec: VideoWriter.Codec = .mpeg4
  @Option(help: "Threads; the world does not depend on them. Default: all cores.") var threads: Int?

  func run() throws {
    var configuration = DemoWorldConfiguration()
    configuration.seed = seed
    configuration.trainLiveCount = trainLives
    configuration.testLiveCount = testLives
    configuration.trainProductCount = trainProducts
    configuration.testProductCount = testProducts
    configuration.trainClipCount = trainClips
    configuration.testClipCount = testClips
    configuration.frameCount = frames
    configuration.side = side
    configuration.codec = codec
    var line = ProgressLine("Drawing")
    let summary = try DemoWorld(configuration: configuration).write(
      to: output, threadCount: try ThreadCount.checked(threads)
    ) { share in line.show(share, "\(output)") }
    ProgressLine.clear()
    let duration = ProgressLine.duration(line.elapsedSeconds)
    print("\(output): \(summary.clipCount) clips, \(summary.photographCount) pictures in \(duration)")
    let parts = [("train", trainLives), ("test", testLives)].filter { $0.1 > 0 }.map(\.0)
    for (index, part) in parts.enumerated() {
      print(
        "\(index == 0 ? "Next: " : "      ")sgmn-shard build --manifest \(output)/\(part).jsonl --out shards/\(part) "
          + "--resolution 48 --frames 4")
    }
  }
}

extension VideoWriter.Codec: ExpressibleByArgument {}
