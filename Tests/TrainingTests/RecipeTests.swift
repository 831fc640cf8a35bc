import Foundation
import SGMNModel
import Testing

@testable import Training

/// Every file of cluster/recipes, and docs/recipes.md against them.
@Suite struct RecipeTests {
  static let names: [String] = {
    let files = try! FileManager.default.contentsOfDirectory(atPath: RepositoryFile.path("cluster/recipes"))
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }()

  private func recipe(_ name: String) throws -> RunConfiguration {
    try ConfigurationFile.load(path: RepositoryFile.path("cluster/recipes/\(name).yaml"), settings: [])
  }

  /// The comment at the head, without its marks and with commands on one line each.
  private func head(_ name: String) throws -> String {
    try RepositoryFile.text("cluster/recipes/\(name).yaml").split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { $0.hasPrefix("#") }.map { $0.dropFirst(2) }.joined(separator: "\n")
      .replacingOccurrences(of: "\\\n", with: " ")
  }

  @Test func theyAreThese() { #expect(Self.names == ["demo", "lpr750k-4gpu", "movingfashion", "paper"]) }

  @Test(arguments: names) func itIsAConfigurationOfAModel(name: String) throws {
    let c = try recipe(name)
    try c.validate()
    _ = try SGMN(c.model)
    #expect(c != RunConfiguration())
    // Where data lies is the command's to say.
    #expect(c.data.train.isEmpty && c.evaluation.shards.isEmpty && c.data.cache.folder.isEmpty)
  }

  @Test(arguments: names) func itsHeadLeadsFromRawDataToRecall(name: String) throws {
    let commands = try head(name).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let place = { (part: String) in commands.firstIndex { $0.contains(part) } }
    let steps = try [
      "sgmn-shard build", " sgmn-train --config cluster/recipes/\(name).yaml ", " sgmn-eval --checkpoint",
    ]
    .map { try #require(place($0), "\($0)") }
    #expect(steps == steps.sorted())
    let words = commands[steps[1]].split(separator: " ")
    let ranks = try #require(Int(words[2]))
    let batch = try recipe(name).data.globalBatch
    #expect(words[0...1] == ["mpirun", "-n"] && batch % ranks == 0)
  }

  /// Pictures and texts of the shards that the head builds are those of the model.
  @Test(arguments: names) func itsShardsFitItsModel(name: String) throws {
    let c = try recipe(name)
    let builds = try head(name).split(separator: "\n").filter { $0.contains("sgmn-shard build") }
    #expect(builds.count == 2)
    for build in builds {
      let words = build.split(separator: " ").map(String.init)
      let option = { (name: String) in words.firstIndex(of: name).map { words[$0 + 1] } }
      #expect(option("--resolution") ?? "224" == "\(c.model.resolution)")
      #expect(option("--frames") ?? "10" == "\(c.model.frames)")
      #expect((option("--text-encoder") == "none") == !c.model.text)
    }
    #expect(!c.model.text || c.model.textDim == 512)
  }

  /// The page's table: | `key` | a value for every recipe of the header |.
  @Test func theirPageSaysWhatTheySay() throws {
    let rows = try RepositoryFile.text("docs/recipes.md").split(separator: "\n").filter { $0.hasPrefix("|") }.map {
      line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: [" ", "`"]) }
    }
    let header = try #require(rows.first { $0.first == "key" })
    #expect(header.dropFirst().sorted() == Self.names)
    let keys = Set(try RunConfiguration().valuesByKey.keys)
    let documented = rows.filter { keys.contains($0[0]) }
    #expect(documented.count >= 10)
    for (column, name) in header.enumerated().dropFirst() {
      let values = try recipe(name).valuesByKey
      for row in documented {
        #expect(isSameValue(row[column], values[row[0]] ?? ""), "\(row[0]) of \(name) is \(values[row[0]] ?? "")")
      }
    }
    for row in rows where row[0].contains(".") && !row[0].contains("[") { #expect(keys.contains(row[0]), "\(row[0])") }
  }

  /// What the paper and the authors' command state.
  @Test func thePapersAreThePapers() throws {
    let c = try recipe("paper")
    #expect(c.data.globalBatch == 256 && c.schedule.epochs == 10 && c.schedule.steps == 0)
    #expect(c.optimizer.learningRate == 3e-4 && c.optimizer.backboneRateScale == 1e-3)
    #expect(c.model.mining == .distance && c.model.frames == 10)
    #expect(c.model.tokenCount == 50)  // ViT-B/32
  }
}
