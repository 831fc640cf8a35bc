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

  @Test func aMissingFileIsMissingInput() {
    let fault = #expect(throws: Fault.self) {
      _ = try ConfigurationFile.load(path: "/nowhere.yaml", settings: [])
    }
    #expect(fault?.code == .inputMissing)
  }
}
