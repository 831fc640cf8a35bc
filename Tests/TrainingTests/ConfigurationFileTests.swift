import Faults
import Foundation
import Testing

@testable import Training

@Suite struct ConfigurationFileTests {
  private func load(_ yaml: String, _ settings: [String] = []) throws -> RunConfiguration {
    let path = NSTemporaryDirectory() + "config-\(UUID().uuidString).yaml"
    try Data(yaml.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try ConfigurationFile.load(path: path, settings: settings)
  }

  private func fault(_ yaml: String, _ settings: [String] = []) throws -> Fault {
    let fault = #expect(throws: Fault.self) { _ = try load(yaml, settings) }
    return try #require(fault)
  }

  @Test func defaultsFileAndSettingsInThatOrder() throws {
    let c = try load("seed: 7\nmodel:\n  width: 96\n  heads: 4\n", ["model.width=128", "optimizer.learning_rate=1e-3"])
    #expect(c.seed == 7)
    #expect(c.model.width == 128)
    #expect(c.model.heads == 4)
    #expect(c.model.layers == 12)
    #expect(c.optimizer.learningRate == 1e-3)
  }

  @Test func numbersAreWrittenAsPeopleWriteThem() throws {
    var c = RunConfiguration()
    c.optimizer.learningRate = 0.5
    c.safety.hangSeconds = 250_000
    c.data.train = "a: 5e-1"
    let lines = try ConfigurationFile.text(of: c).split(separator: "\n").map { $0.drop { $0 == " " } }
    for line in [
      "learning_rate: 0.5", "epsilon: 1.0e-06", "weight_decay: 0.2", "hang_seconds: 250000.0", "train: 'a: 5e-1'",
    ] { #expect(lines.contains { $0 == line }, "\(line)") }
    #expect(try load(ConfigurationFile.text(of: c)) == c)
  }

  @Test func everyDigitOfANumberIsWritten() throws {
    var c = RunConfiguration()
    c.optimizer.learningRate = 1.234_567_890_123_456_7e-4
    c.safety.hangSeconds = 100.000_000_000_000_01
    #expect(try load(ConfigurationFile.text(of: c)) == c)
  }

  /// A long text is folded: a line of it can look like a key with its number.
  @Test func textsThatLookLikeNumbersAreWrittenAsTheyAre() throws {
    var c = RunConfiguration()
    for text in [
      String(repeating: "long ", count: 15) + "weight: 5e-1 " + String(repeating: "long ", count: 20),
      "two lines\nweight: 5e-1\n", "5e-1", "1e+2", "true", "null", "~", "007",
    ] {
      c.data.train = text
      #expect(try load(ConfigurationFile.text(of: c)) == c, "\(text.debugDescription)")
    }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    var c = RunConfiguration()
    c.model.mining = .distance
    c.data.train = "a: b 'c'"
    c.model.gci = false
    #expect(try load(ConfigurationFile.text(of: c)) == c)
  }

  @Test func anUnknownKeyNamesFileLineAndNeighbours() throws {
    let fault = try fault("seed: 1\nmodel:\n  widht: 96\n")
    #expect(fault.code == .configuration)
    #expect(fault.what.contains("model.widht"))
    #expect(fault.place?.hasSuffix(".yaml:3:3") == true)
    #expect(fault.remedy?.contains("width") == true)
    #expect(try self.fault("", ["model.nothing=1"]).place == "--set model.nothing=1")
  }

  @Test(arguments: ["1:30", "22222222222222222:622222222222222222:6222222222222222:622", "-1:2:3"])
  func aNumberOfBase60IsNoNumber(_ value: String) throws {
    for key in ["seed", "safety.hang_seconds"] {
      let fault = try fault("", ["\(key)=\(value)"])
      #expect(fault.code == .configuration)
      #expect(fault.what == "\(key): '\(value)' is not what this key takes")
    }
    #expect(try fault("model:\n  layers: \(value)\n").place?.hasSuffix(".yaml:2:11") == true)
    // Nor behind a setting that is no number, which another may still put right.
    #expect(try fault("seed: x\n", ["seed=many", "seed=\(value)"]).place == "--set seed=\(value)")
  }

  @Test func aValueOfTheWrongKindNamesItsLine() throws {
    let fault = try fault("model:\n  layers: many\n")
    #expect(fault.what.contains("model.layers: 'many'"))
    #expect(fault.place?.hasSuffix(".yaml:2:11") == true)
    #expect(try self.fault("model:\n  mining: easiest\n").what.contains("model.mining"))
    #expect(try self.fault("model: 3\n").what.contains("model is a group"))
    #expect(try self.fault("seed: [1, 2]\n").what.contains("seed"))
  }

  @Test func whatMakesNoRunIsRefused() throws {
    #expect(try fault("model:\n  heads: 5\n").what.contains("model.heads"))
    #expect(try fault("data:\n  global_batch: 0\n").what.contains("data.global_batch"))
    #expect(try fault("seed: -1\n").what.contains("seed"))
    #expect(try fault("data:\n  memory: 0\n").what.contains("data.memory"))
    #expect(try fault("data:\n  shuffle_block: 0\n").what.contains("data.shuffle_block"))
    #expect(try fault("data:\n  shuffle_window: -1\n").what.contains("data.shuffle_window"))
    #expect(try fault("data:\n  read_ahead: -1\n").what.contains("data.read_ahead"))
    #expect(try fault("data:\n  cache: {folder: x}\n").what.contains("data.cache.bytes"))
    #expect(try load("data:\n  cache: {folder: x, bytes: 5}\n", ["data.cache.bytes=7"]).data.cache.bytes == 7)
    #expect(try fault("seed: 1\nseed: 2\n").code == .configuration)
    #expect(try fault("seed: 1", ["seed"]).code == .usage)
    #expect(try fault(":\n  - [").code == .configuration)
  }

  /// Each level of a bomb means the one below ten times; as a key of a mapping all of it would be compared.
  private func bomb(levels: Int) -> String {
    let lines = (1..<levels).map { level in
      let alias = "*a\(level - 1)"
      return "- &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]"
    }
    return "- &a0 [x, y]\n" + lines.joined(separator: "\n") + "\n- ? *a\(levels - 1)\n  : 1\n"
  }

  @Test func whatGrowsWithoutEndIsRefused() throws {
    #expect(try fault(bomb(levels: 12)).what.contains("aliases"))
    #expect(try fault("seed: 1", ["seed=[\(String(repeating: "*a, ", count: 20))1]"]).what.contains("aliases"))
    #expect(try load("seed: &a 7\n# *a starry* **comment**\ncheckpoint: {keep: *a}\n").checkpoint.keep == 7)
    #expect(try fault(String(repeating: "#", count: ConfigurationFile.byteLimit + 1)).code == .configuration)
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
      let deep = String(repeating: open, count: 5_000) + String(repeating: close, count: 5_000)
      #expect(try fault("seed: \(deep)").code == .configuration)
    }
  }

  @Test(arguments: [
    "99999999999999999999", "-1", ".inf", ".nan", "1e400", "0x", "~", "!!binary aGk=", "*a", "&a", "{}", "\"\\0\"",
  ])
  func noNumberTraps(_ text: String) throws {
    for key in ["data.global_batch", "schedule.epochs", "model.width"] {
      do { _ = try load("", ["\(key)=\(text)"]) } catch let fault as Fault { #expect(fault.code == .configuration) }
    }
  }

  @Test func countsBeyondAnyRunAreRefused() throws {
    for key in [
      "data.global_batch", "data.memory", "data.read_ahead", "data.skip_budget", "schedule.epochs", "schedule.steps",
      "checkpoint.every", "checkpoint.keep", "evaluation.every", "safety.compare_ranks_every",
    ] { #expect(try fault("", ["\(key)=4611686018427387904"]).what.hasPrefix(key), "\(key)") }
  }

  @Test func aMissingFileIsMissingInput() {
    let fault = #expect(throws: Fault.self) {
      _ = try ConfigurationFile.load(path: "/nowhere.yaml", settings: [])
    }
    #expect(fault?.code == .inputMissing)
  }
}
