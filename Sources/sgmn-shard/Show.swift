import ArgumentParser
import DurableFiles
import Faults
import Glibc
import MediaDecoding
import ShardFormat

/// `sgmn-shard show`: one sample for the eye.
struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints one sample's texts and draws its picture and frames side by side.",
    discussion: """
        sgmn-shard show shards/train 0 --png sample.png
        sgmn-shard show shards/train train-01-001-1 --png sample.png
      """)

  @Argument(help: ArgumentHelp("The folder of the shards.", valueName: "folder")) var folder: String
  @Argument(help: ArgumentHelp("A clip's id, or a sample's number from 0.", valueName: "id")) var id: String
  @Option(help: ArgumentHelp("Where to draw the product picture and the frames.", valueName: "file")) var png: String?
  @Option(help: "Draw each picture so many times larger.") var zoom = 1

  func validate() throws {
    guard (1...16).contains(zoom) else { throw ValidationError("--zoom is 1 … 16.") }
  }

  func run() throws {
    let set = try ShardSet(folder: folder)
    let number = try find(in: set)
    let sample = try set.read(at: number, using: ShardDecoder())
    let tags = sample.tags.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: ", ")
    let rows = [
      ("sample", String(number)), ("clip", sample.clipID), ("image", sample.imageID), ("live", sample.liveID),
      ("product", sample.productID), ("category", sample.categoryID), ("title", sample.title), ("speech", sample.asr),
      ("tags", tags), ("answers", sample.rightImageIDs.joined(separator: ", ")),
      ("frames", sample.frameIndices.map(String.init).joined(separator: " ")),
    ]
    for (name, value) in rows where !value.isEmpty { print(Table.left(name, 10) + value) }
    guard let png else { return }
    let parent = png.contains("/") ? String(png[..<png.lastIndex(of: "/")!]) + "/" : "."
    guard access(parent, W_OK | X_OK) == 0 else {
      throw Fault.system("access", path: parent, errno: errno, missing: .outputUnavailable)
    }
    let bytes = try StillEncoder.png(
      ContactSheet.picture(of: sample, resolution: set.configuration.resolution, zoom: zoom))
    try DurableFile.write(bytes, to: png)
    print(Table.left("picture", 10) + png)
  }

  /// A clip's id is looked for first: ids may be numbers too.
  private func find(in set: ShardSet) throws -> Int {
    for number in 0..<set.count where try set.summary(at: number).clipID == id { return number }
    if let number = Int(id), (0..<set.count).contains(number) { return number }
    for number in 0..<set.count where try set.summary(at: number).imageID == id { return number }
    throw Fault(.inputMissing, "No clip \(id), and samples are numbered 0 … \(set.count - 1)", at: folder)
  }
}

/// The product picture and the frames of a sample in a row.
enum ContactSheet {
  static func picture(of sample: Sample, resolution: Int, zoom: Int) -> RGBImage {
    let count = 1 + sample.frameCount
    let (gap, side) = (4 * zoom, resolution * zoom)
    let size = 3 * resolution * resolution
    var sheet = RGBImage(
      width: count * side + (count + 1) * gap, height: side + 2 * gap, red: 255, green: 255, blue: 255)
    for index in 0..<count {
      let planes =
        index == 0 ? sample.image : Array(sample.frames[(index - 1) * size..<index * size])
      let left = gap + index * (side + gap)
      for y in 0..<side {
        for x in 0..<side {
          for channel in 0..<3 {
            sheet.pixels[3 * ((y + gap) * sheet.width + left + x) + channel] =
              planes[channel * resolution * resolution + (y / zoom) * resolution + x / zoom]
          }
        }
      }
    }
    return sheet
  }
}
