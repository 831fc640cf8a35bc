import ArgumentParser
import Faults
import Foundation
import ShardFormat

/// `sgmn-shard info`: what is in a set.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what is in a shard set: counts, sizes, lives, categories, tags.",
    discussion: """
        sgmn-shard info shards/train
        sgmn-shard info shards/train --json
      """)

  @Argument(help: ArgumentHelp("The folder of the shards.", valueName: "folder")) var folder: String
  @Flag(help: "One JSON object on stdout.") var json = false

  func run() throws {
    let contents = try SetContents(folder: folder)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(contents), as: UTF8.self))
    } else {
      print(contents.text)
    }
  }
}
