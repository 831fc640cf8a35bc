import ArgumentParser
import DurableFiles
import RemoteStorage
import ShardFormat
import ShardReports

/// `sgmn-shard stats`: what the details of all samples say.
struct Stats: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Counts categories and tags, and measures clips, texts and sizes.",
    discussion: """
      Reads the details of all samples, not their pixels. --html writes one page with charts that needs no other file.

        sgmn-shard stats shards/train
        sgmn-shard stats shards/train --html train.html
        sgmn-shard stats shards/train --json > train.json
      """)

  @Argument(help: ArgumentHelp("The folder of the shards.", valueName: "folder")) var folder: String
  @Flag(help: "One JSON object on stdout instead of tables.") var json = false
  @Option(help: ArgumentHelp("Also write a page with charts.", valueName: "file")) var html: String?
  @Option(help: "Reading threads. Default: all cores.") var threads: Int?

  func run() throws {
    let threadCount = try ThreadCount.checked(threads)
    if let html { try OutputFile.check(html) }
    let set = try OpenedSet.at(folder)
    // The notes on what was left out are at the ends of the shards: of a remote set nobody waits for them.
    let leftOut =
      ShardLocation.isRemote(folder)
      ? [:] : try LeftOutCauses.count(of: set, folder: folder, threadCount: threadCount)
    var line = ProgressLine("Reading")
    let statistics = try SetStatistics(
      reading: set, threadCount: threadCount,
      leftOut: leftOut
    ) { done in line.show(Double(done) / Double(max(1, set.count)), "\(Figures.grouped(done)) samples") }
    ProgressLine.clear()
    if let html { try DurableFile.write(Array(StatisticsPage(statistics).html.utf8), to: html) }
    print(json ? try JSONText.of(statistics) : statistics.text)
  }
}
