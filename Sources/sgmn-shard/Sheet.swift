import ArgumentParser
import DurableFiles
import MediaDecoding
import ShardFormat
import ShardReports

/// `sgmn-shard sheet`: many samples at a glance.
struct Sheet: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws a contact sheet: product pictures, each beside its clip's frames.",
    discussion: """
      Samples are taken at even spacing over the set, or drawn at random with --seed. Each has its number and id above
      it; the list on stdout has the ids in full.

        sgmn-shard sheet shards/train --png train.png
        sgmn-shard sheet shards/train --png shoes.png --category shoes --seed 1 --count 40 --columns 2
      """)

  @Argument(help: ArgumentHelp("The folder of the shards.", valueName: "folder")) var folder: String
  @Option(help: ArgumentHelp("Where to draw.", valueName: "file")) var png: String
  @Option(help: "Samples to show.") var count = 24
  @Option(help: "Draw the samples at random; another seed, other samples.") var seed: UInt64?
  @Option(help: "Samples side by side.") var columns = 1
  @Option(help: ArgumentHelp("Only samples of this category.", valueName: "id")) var category: String?
  @Option(help: "Pixels of a picture's side. Default: as stored, at most 112.") var side: Int?
  @Option(help: "Frames of a clip to show. Default: all.") var frames: Int?

  func validate() throws {
    guard (1...10_000).contains(count) else { throw ValidationError("--count is 1 … 10000.") }
    guard (1...100).contains(columns) else { throw ValidationError("--columns is 1 … 100.") }
    if let side, !(8...1024).contains(side) { throw ValidationError("--side is 8 … 1024.") }
    if let frames, !(0...512).contains(frames) { throw ValidationError("--frames is 0 … 512.") }
  }

  func run() throws {
    try OutputFile.check(png)
    let set = try OpenedSet.at(folder)
    let numbers = try SheetSelection(count: count, seed: seed, category: category).numbers(in: set)
    let most = numbers.map { set.frameCount(at: $0) }.max() ?? 0
    let sheet = ContactSheet(
      columnCount: columns, side: side ?? min(set.configuration.resolution, 112), frameLimit: min(frames ?? most, most))
    try DurableFile.write(StillEncoder.png(sheet.picture(of: numbers, in: set)), to: png)
    for number in numbers {
      let summary = try set.summary(at: number)
      let id = summary.clipID.isEmpty ? summary.imageID : summary.clipID
      print("\(Figures.right(String(number), 9))  \(TerminalText.printable(id))")
    }
    print("\(Figures.count(numbers.count, "sample")) drawn to \(png)")
  }
}
