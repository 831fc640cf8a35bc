import ArgumentParser
import ShardReports

/// `sgmn-shard info`: what the index of a set says.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what is in a shard set at a glance: counts, sizes, ratio, settings.",
    discussion: """
      Reads the index alone, so that it takes a moment also for millions of samples. 'sgmn-shard stats' reads more.

        sgmn-shard info shards/train
        sgmn-shard info shards/train --json
      """)

  @Argument(help: ArgumentHelp("The folder of the shards.", valueName: "folder")) var folder: String
  @Flag(help: "One JSON object on stdout.") var json = false

  func run() throws {
    let facts = SetFacts(try OpenedSet.at(folder))
    print(json ? try JSONText.of(facts) : facts.text)
  }
}
