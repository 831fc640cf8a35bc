import Faults
import Foundation
import MediaDecoding
import Randomness

/// A small world of live commerce, painted: clips, product photographs and texts that pose the problem of the real one.
///
/// Every live sells look-alikes; a clip shows one product moving and turning among others of its shop, at times behind
/// a hand; titles name every attribute in Chinese and English, speech some of them among chatter. No product of a test
/// live, as a combination of attributes, appears in training.
public struct DemoWorld: Sendable {
  public let configuration: DemoWorldConfiguration
  private let scene: DemoScene
  private let lives: [Live]

  private struct Live: Sendable {
    var isTest: Bool
    var name: String
    var products: [DemoProduct]
    var studio: DemoCanvas.Studio
    var clipCount: Int
  }

  /// How much was written.
  public struct Summary: Sendable, Equatable {
    public var clipCount = 0
    public var photographCount = 0
  }

  /// Decides what each live sells. Throws `Fault(.usage)` for counts that cannot be had.
  public init(configuration: DemoWorldConfiguration) throws {
    try configuration.validate()
    self.configuration = configuration
    scene = DemoScene(seed: configuration.seed)
    var lives: [Live] = []
    var (testProducts, trainProducts) = (Set<DemoProduct>(), Set<DemoProduct>())
    for index in 0..<configuration.testLiveCount + configuration.trainLiveCount {
      let isTest = index < configuration.testLiveCount
      let number = isTest ? index : index - configuration.testLiveCount
      var random = RandomStream(seed: configuration.seed, isTest ? "demo/test-live" : "demo/train-live", number)
      let products = DemoShop.assortment(
        count: isTest ? configuration.testProductCount : configuration.trainProductCount,
        forbidden: isTest ? [] : testProducts, used: isTest ? testProducts : trainProducts, random: &random)
      if isTest { testProducts.formUnion(products) } else { trainProducts.formUnion(products) }
      let digits = String(number + 1)
      lives.append(
        Live(
          isTest: isTest,
          name: (isTest ? "test-" : "train-") + String(repeating: "0", count: max(0, 2 - digits.count)) + digits,
          products: products, studio: DemoCanvas.Studio(&random),
          clipCount: isTest ? configuration.testClipCount : configuration.trainClipCount))
    }
    self.lives = lives
  }

  /// The attribute combinations of the test and of the training lives.
  var combinations: (test: [DemoProduct], train: [DemoProduct]) {
    (lives.filter(\.isTest).flatMap(\.products), lives.filter { !$0.isTest }.flatMap(\.products))
  }

  /// Writes `train.jsonl`, `test.jsonl`, `clips/`, `images/` and `README.txt` into the new folder `folder`.
  ///
  /// All is written aside and renamed at the end: `folder` is a whole world or it is not there. `progress` is called
  /// after each product with the share done. Throws `Fault(.outputUnavailable)` where the folder exists.
  public func write(
    to folder: String, threadCount: Int, progress: (Double) -> Void = { _ in }
  ) throws -> Summary {
    let output = try OutputFolder(creating: folder)
    for live in lives {
      try output.makeFolder("clips/" + live.name)
      try output.makeFolder("images/" + live.name)
    }
    let jobs = lives.flatMap { live in live.products.indices.map { (live, $0) } }
    let root = output.temporaryPath
    let easels = ToolShelf { Easel() }
    var manifests = [false: "", true: ""]
    var summary = Summary()
    var (started, finished) = (0, 0)
    try OrderedPipeline<Int, Result<[String], any Error>>.run(
      threadCount: threadCount,
      next: {
        defer { started += 1 }
        return started < jobs.count ? started : nil
      },
      work: { index in
        Result {
          try easels.withTool { try self.write(productAt: jobs[index].1, of: jobs[index].0, root: root, on: $0) }
        }
      },
      consume: { lines in
        let lines = try lines.get()
        manifests[jobs[finished].0.isTest]! += lines.map { $0 + "\n" }.joined()
        finished += 1
        summary.photographCount += 1
        summary.clipCount += lines.count
        progress(Double(finished) / Double(jobs.count))
      })
    if configuration.trainLiveCount > 0 { try output.write(Array(manifests[false]!.utf8), to: "train.jsonl") }
    if configuration.testLiveCount > 0 { try output.write(Array(manifests[true]!.utf8), to: "test.jsonl") }
    try output.write(Array(readme.utf8), to: "README.txt")
    try output.publish()
    return summary
  }

  /// What a thread keeps from product to product: the conversions of photographs and of frames.
  private final class Easel {
    let photographs = PixelConversion()
    let clips = PixelConversion()
  }

  /// Paints one product's photograph and clips; its lines of the manifest.
  private func write(productAt index: Int, of live: Live, root: String, on easel: Easel) throws -> [String] {
    let product = live.products[index]
    let others = live.products.filter { $0 != product }
    let productID = "\(live.name)-\(threeDigits(index + 1))"
    var random = RandomStream(seed: configuration.seed, "demo/product/" + live.name, index)
    let imagePath = "images/\(live.name)/\(productID).jpg"
    let photograph = scene.photograph(of: product, side: configuration.side / 3 * 4, random: &random)
    try OutputFolder.writeFile(try StillEncoder.jpeg(photograph, using: easel.photographs), to: root + "/" + imagePath)
    let title = DemoText.title(product, random: &random)
    return try (0..<live.clipCount).map { number in
      var random = RandomStream(seed: configuration.seed, "demo/clip/" + live.name, index, number)
      let clip = scene.clip(
        of: product, others: others, studio: live.studio, frameCount: configuration.frameCount,
        side: configuration.side,
        random: &random)
      let clipID = "\(productID)-\(number + 1)"
      let clipPath = "clips/\(live.name)/\(clipID).mp4"
      let writer = try VideoWriter(
        path: root + "/" + clipPath,
        configuration: .init(
          width: configuration.side, height: configuration.side, codec: configuration.codec),
        using: easel.clips)
      for frame in clip.frames { try writer.append(frame) }
      try writer.finish()
      var line = ManifestLine(image: imagePath, imageID: productID)
      line.clip = clipPath
      line.clipID = clipID
      line.liveID = live.name
      line.productID = productID
      line.categoryID = DemoText.category(product)
      line.title = title
      line.asr = DemoText.speech(product, others: others, random: &random)
      line.tags = [
        "scale": DemoText.name(product.size),
        "number": ["few", "few", "medium", "abundant"][clip.otherCount],
        "view": clip.isPartlyHidden ? "partly hidden" : "clear",
      ]
      line.rightImages = [productID]
      return try line.json()
    }
  }

  private func threeDigits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  private var readme: String {
    let c = configuration
    return """
      A demo world of sgmn-shard: made-up live commerce, drawn by a program. Nothing here shows a real product or person.

      train.jsonl  \(c.trainLiveCount) lives × \(c.trainProductCount) products × \(c.trainClipCount) clips
      test.jsonl   \(c.testLiveCount) lives × \(c.testProductCount) products × \(c.testClipCount) clips
      clips/       LIVE/CLIP.mp4: \(c.frameCount) frames of \(c.side)×\(c.side), six a second, no sound
      images/      LIVE/PRODUCT.jpg: the shop's photograph

      The question: which product of the live's gallery does a clip show? A random guess is right once in
      \(c.testProductCount). Products are a shape, a size, a colour, a pattern and the pattern's colour; a shop is full of
      look-alikes that differ in one of these. No product of a test live appears in training. Titles name every
      attribute in Chinese and English; speech (asr) names about half of them among chatter, at times wrongly.

      Made with seed \(c.seed); the same command draws the same world. Next:

          sgmn-shard build --manifest train.jsonl --out shards/train --resolution 48 --frames 4
          sgmn-shard build --manifest test.jsonl --out shards/test --resolution 48 --frames 4

      """
  }
}
