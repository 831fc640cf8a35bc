import ArgumentParser
import Faults
import ShardBuilding
import ShardFormat
import TextEncoding

/// `sgmn-shard build`: a manifest or the LPR4M annotations to shards.
struct Build: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Decodes clips and pictures once and packs them into shards.",
    discussion: """
      From a manifest (JSON Lines, shards/manifest.md):

        sgmn-shard build --manifest demo/train.jsonl --out shards/train --resolution 48 --frames 4

      From the annotation files of LPR4M:

        sgmn-shard build --lpr4m-train training_videoinfo_full_part_0.txt \\
          --frames-root frames --images-root images --out shards/train
        sgmn-shard build --lpr4m-test annotations --frames-root frames --images-root images --out shards/test

      The bytes do not depend on --threads. A build that is stopped leaves no set behind: run it again.
      """)

  @Option(help: ArgumentHelp("The samples, one JSON object a line.", valueName: "file")) var manifest: String?
  @Flag(help: "Let a manifest's paths lead out of its folder.") var allowOutside = false
  @Option(
    name: .customLong("lpr4m-train"), parsing: .upToNextOption,
    help: ArgumentHelp("LPR4M's training_videoinfo_full_part_*.txt.", valueName: "file"))
  var trainingParts: [String] = []
  @Option(
    name: .customLong("lpr4m-test"),
    help: ArgumentHelp("A folder with LPR4M's four test annotation files.", valueName: "folder"))
  var testFolder: String?
  @Option(help: ArgumentHelp("LPR4M's frames: VIDEO_ID/FRAME_ID.jpg or FRAME_ID.jpg.", valueName: "folder"))
  var framesRoot: String?
  @Option(help: ArgumentHelp("LPR4M's images: IMAGE_ID.jpg, or as img2dataset wrote them.", valueName: "folder"))
  var imagesRoot: String?

  @Option(name: .customLong("out"), help: ArgumentHelp("The folder of the new shards.", valueName: "folder"))
  var output: String
  @Option(help: "Pixels of a side: short side resized, centre cropped.") var resolution = 224
  @Option(help: "Frames of a clip at most, evenly spaced.") var frames = 10
  @Option(help: "Decoding threads. Default: all cores.") var threads: Int?
  @Option(help: "A clip that cannot be read: stop ('fail') or leave it out ('skip').")
  var onBad: ShardBuilder.BadSamplePolicy = .fail
  @Option(help: "What turns titles and speech into vectors: hashed-ngrams or none.")
  var textEncoder: TextEncoderName = .hashedNgrams
  @Option(help: "zstd level, 1 … 19.") var level = 3

  enum TextEncoderName: String, ExpressibleByArgument, CaseIterable {
    case hashedNgrams = "hashed-ngrams"
    case none
  }

  func validate() throws {
    let sources = [manifest != nil, !trainingParts.isEmpty, testFolder != nil].filter { $0 }.count
    guard sources == 1 else { throw ValidationError("Give one of --manifest, --lpr4m-train and --lpr4m-test.") }
    if manifest == nil, framesRoot == nil || imagesRoot == nil {
      throw ValidationError("LPR4M's annotations need --frames-root and --images-root.")
    }
  }

  func run() throws {
    let threadCount = try ThreadCount.checked(threads)
    let builder: ShardBuilder
    do {
      builder = try ShardBuilder(
        configuration: ShardConfiguration(
          resolution: resolution, maximumFrameCount: frames, compressionLevel: level),
        textEncoder: textEncoder == .none ? nil : HashedNgramEncoder(), badSamplePolicy: onBad)
    } catch let fault as Fault {
      throw Fault(.usage, fault.what, remedy: fault.remedy)
    }
    var line = ProgressLine("Building")
    let report = try builder.build(try samples(threadCount: threadCount), to: output, threadCount: threadCount) {
      report, share in
      let rate = Double(report.sampleCount) / max(line.elapsedSeconds, 0.001)
      line.show(share, "\(report.sampleCount) samples, \(Int(rate))/s, \(report.rejectedCount) left out")
    }
    ProgressLine.clear()
    let seconds = max(line.elapsedSeconds, 0.001)
    print(
      "\(output): \(report.clipCount) clips, \(report.pictureCount) gallery pictures, \(report.frameCount) frames, "
        + "\(ByteText.text(report.byteCount)) in \(ProgressLine.duration(seconds)) "
        + "(\(Int(Double(report.sampleCount) / seconds)) samples/s)")
    guard report.rejectedCount > 0 else { return }
    print("Left out: \(report.rejectedCount), listed in \(output)/rejected.jsonl")
    for (cause, count) in report.rejectedCounts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      print("  \(Table.right(String(count), 8))  \(cause)")
    }
  }

  private func samples(threadCount: Int) throws -> any SampleSequence {
    let (frames, images) = (framesRoot.map { [$0] } ?? [], imagesRoot.map { [$0] } ?? [])
    let samples: SourceDescription.Samples =
      if let manifest {
        .manifest(path: manifest, allowOutside: allowOutside)
      } else if let testFolder {
        .lpr4mTest(folder: testFolder, frames: frames, images: images)
      } else {
        .lpr4mTrain(paths: trainingParts, frames: frames, images: images)
      }
    let catalog = try SourceDescription(samples).open(threadCount: threadCount).catalog
    try catalog.refuseRepetitions()
    return CatalogSequence(catalog)
  }
}

extension ShardBuilder.BadSamplePolicy: ExpressibleByArgument {}
