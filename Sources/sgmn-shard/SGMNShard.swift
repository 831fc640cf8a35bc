import ArgumentParser

@main
struct SGMNShard: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgmn-shard",
    abstract: "Makes, checks and shows the shards that sgmn-train reads.",
    discussion: """
      A shard set is a folder of compressed samples: a clip's frames and its product picture, decoded and resized once,
      with their texts. Start with 'sgmn-shard demo' if there is no data at hand.

      Exit codes: 0 done, 64 usage, 65 bad data, 66 input missing, 69 no GPU for --device cuda, 73 output exists, \
      74 input/output error or disk too small, 75 stopped (the same command goes on), 78 a build of other settings, \
      80 features of texts that are not finite, 81 a rank hangs, 82 ranks with other sets or encoders.
      """,
    subcommands: [
      Demo.self, Build.self, Estimate.self, Vocabulary.self, Embed.self, Verify.self, Info.self, Stats.self, Show.self,
      Sheet.self,
      Export.self, Bench.self, DecodeWorkerCommand.self,
    ])

  static func main() { CommandLineMain.run(SGMNShard.self) }
}
