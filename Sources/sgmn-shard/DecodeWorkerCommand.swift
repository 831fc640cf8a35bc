import ArgumentParser
import ShardBuilding

/// `sgmn-shard decode-worker`: the child process of a build that decodes; not for people.
struct DecodeWorkerCommand: ParsableCommand {
  static let name = "decode-worker"
  static let configuration = CommandConfiguration(
    commandName: name, abstract: "Decodes for the sgmn-shard that started it.", shouldDisplay: false)

  func run() throws { try DecodeWorker.run() }
}
