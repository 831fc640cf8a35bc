import Foundation

extension FaultTrial {
  static var wrongShards: FaultTrial {
    FaultTrial(
      number: 17, name: "a shard is missing, too much, in another's place, or of another build", ranks: [2],
      quickRanks: [2]
    ) { setting in
      let set = try SeveralShards()
      let files = FileManager.default
      let (first, second) = ("shard-00000.sgmn", "shard-00001.sgmn")
      let faults: [(name: String, code: Int32, told: [String], damage: (String) throws -> Void)] = [
        (
          "missing", 66, ["A shard of the set is missing", second],
          { try files.removeItem(atPath: "\($0)/\(second)") }
        ),
        (
          "extra", 65, ["not in the index of the set", "shard-00009.sgmn"],
          { try files.copyItem(atPath: "\($0)/\(first)", toPath: "\($0)/shard-00009.sgmn") }
        ),
        (
          "swapped", 65, [first],
          {
            try files.moveItem(atPath: "\($0)/\(first)", toPath: "\($0)/other")
            try files.moveItem(atPath: "\($0)/\(second)", toPath: "\($0)/\(first)")
            try files.moveItem(atPath: "\($0)/other", toPath: "\($0)/\(second)")
          }
        ),
        (
          "stale", 65, ["it is of another build", second],
          {
            try files.removeItem(atPath: "\($0)/\(second)")
            try files.copyItem(atPath: "\(set.other)/\(second)", toPath: "\($0)/\(second)")
          }
        ),
        (
          "an index of another build", 65, [first],
          {
            try files.removeItem(atPath: "\($0)/index.sgmn")
            try files.copyItem(atPath: "\(set.other)/index.sgmn", toPath: "\($0)/index.sgmn")
          }
        ),
      ]
      for (name, code, told, damage) in faults {
        let folder = try set.copy()
        try damage(folder)
        let run = try RunFolder("wrong-shards")
        do {
          try Refusal(code: code, told: told).expectAtStart(of: run, run.train(ranks: setting.ranks, shards: folder))
        } catch { throw TrialFailure("\(name): \(error)") }
      }
      return "\(faults.count) of \(faults.count) refused before the first step"
    }
  }
}

/// Two sets of three shards of the same sizes, made of the same media: in the other one a title has other letters.
private struct SeveralShards {
  let folder: String
  let other: String

  init() throws {
    let world = try World.shared()
    folder = "\(world.folder)/several-\(UUID().uuidString)"
    other = folder + "-other"
    try build("\(world.folder)/demo/train.jsonl", folder)
    let lines = try String(contentsOfFile: "\(world.folder)/demo/train.jsonl", encoding: .utf8)
    let manifest = "\(world.folder)/demo/train-\(UUID().uuidString).jsonl"
    let mark = "\"title\":\""
    let changed = lines.split(separator: "\n").map { line in
      guard let start = line.firstRange(of: mark)?.upperBound else { return String(line) }
      let letter = line[start...].prefix(1)
      return line[..<start] + String(repeating: "x", count: letter.utf8.count) + line[start...].dropFirst()
    }
    try (changed.joined(separator: "\n") + "\n").write(toFile: manifest, atomically: true, encoding: .utf8)
    try build(manifest, other)
  }

  private func build(_ manifest: String, _ output: String) throws {
    let arguments = [
      "build", "--manifest", manifest, "--out", output, "--resolution", "16", "--frames", "3", "--samples-per-shard",
      "8",
    ]
    let result = try Command("sgmn-shard", arguments).run()
    guard result.status == 0 else { throw TrialFailure(result.text) }
  }

  func copy() throws -> String {
    let copy = "\(folder)-\(UUID().uuidString)"
    try FileManager.default.copyItem(atPath: folder, toPath: copy)
    return copy
  }
}
