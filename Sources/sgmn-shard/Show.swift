import ArgumentParser
import DurableFiles
import Faults
import MediaDecoding
import ShardFormat
import ShardReports

/// `sgmn-shard show`: one sample for the eye.
struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints one sample's texts and draws its picture and frames side by side.",
    discussion: """
        sgmn-shard show shards/train 0 --png sample.png
        sgmn-shard show shards/train train-01-001-1 --png sample.png
      """)

  @Argument(help: ArgumentHelp("The folder of the shards.", valueName: "folder")) var folder: String
  @Argument(help: ArgumentHelp("A clip's id, a sample's number from 0, or a picture's id.", valueName: "id"))
  var id: String
  @Option(help: ArgumentHelp("Where to draw the product picture and the frames.", valueName: "file")) var png: String?
  @Option(help: "Draw each picture so many times larger.") var zoom = 1

  func validate() throws {
    guard (1...16).contains(zoom) else { throw ValidationError("--zoom is 1 … 16.") }
  }

  func run() throws {
    if let png { try OutputFile.check(png) }
    let set = try OpenedSet.at(folder)
    let number = try SampleSearch.number(of: id, in: set)
    let sample = try set.read(at: number, using: ShardDecoder())
    let tags = sample.tags.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: ", ")
    let rows = [
      ("sample", String(number)), ("stored at", "\(set.location(of: number))"), ("clip", sample.clipID),
      ("image", sample.imageID), ("live", sample.liveID), ("product", sample.productID),
      ("category", sample.categoryID), ("title", sample.title), ("speech", sample.asr), ("tags", tags),
      ("answers", sample.rightImageIDs.joined(separator: ", ")),
      ("frames", sample.frameIndices.map(String.init).joined(separator: " ")),
    ]
    for (name, value) in rows where !value.isEmpty { print(Figures.left(name, 10) + TerminalText.printable(value)) }
    guard let png else { return }
    let strip = SampleStrip.picture(of: sample, resolution: set.configuration.resolution, zoom: zoom)
    try DurableFile.write(StillEncoder.png(strip), to: png)
    print(Figures.left("picture", 10) + png)
  }
}
