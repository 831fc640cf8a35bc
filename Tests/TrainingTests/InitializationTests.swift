import Checkpointing
import Collectives
import Faults
import Foundation
import Synchronization
import Testing

@testable import Training

/// Runs that begin with the weights of a file.
@Suite struct InitializationTests {
  private func fault(_ settings: String...) throws -> Fault {
    try #require(#expect(throws: Fault.self) { try ConfigurationFile.load(path: nil, settings: settings) })
  }

  @Test func oneFileAtMost() throws {
    let fault = try fault("initialization.visual=a", "initialization.release=b", "model.padding=release")
    #expect(fault.code == .configuration)
    #expect(fault.what.contains("initialization.visual") && fault.what.contains("initialization.release"))
  }

  @Test func aReleaseSetsItsPadding() throws {
    let load = { try ConfigurationFile.load(path: nil, settings: $0) }
    #expect(try load(["initialization.release=a"]).model.padding == .release)
    #expect(try load(["initialization.release=a", "model.padding=release"]).model.padding == .release)
    #expect(try load(["initialization.visual=a"]).model.padding == .standard)
    #expect(try load(["initialization.release=''"]).model.padding == .standard)
    #expect(try fault("model.padding=standard", "initialization.release=a").what.contains("model.padding"))
    let resolved = try load(["initialization.release=a"])
    let path = NSTemporaryDirectory() + "config-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try ConfigurationFile.text(of: resolved).write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try ConfigurationFile.load(path: path, settings: []) == resolved)
  }

  @Test func theFullRateIsToldWhereAFileIsNamed() throws {
    let notes = { try ConfigurationFile.load(path: nil, settings: $0).notesOnRates }
    #expect(try notes(["initialization.visual=a"]).first?.contains("optimizer.backbone_lr_scale=1e-3") == true)
    #expect(try notes(["initialization.release=a"]).count == 1)
    #expect(try notes(["initialization.visual=a", "optimizer.backbone_lr_scale=1e-3"]).isEmpty)
    #expect(try notes([]).isEmpty)
    let trained = ["model.trains_text=true", "initialization.text=a"]
    #expect(try notes(trained).first?.contains("optimizer.text_lr_scale") == true)
    #expect(try notes(trained + ["optimizer.text_lr_scale=1e-3"]).isEmpty)
  }

  @Test func aTextEncoderIsNamedForAModelThatTrainsOne() throws {
    #expect(try fault("initialization.text=a").what.contains("goes with model.trains_text"))
  }

  /// A run of its own whose checkpoint gives the encoder.
  private func source(_ tiny: TinyRun) throws -> String {
    var c = tiny.configuration
    (c.seed, c.schedule.steps) = (2, 1)
    #expect(try tiny.trainer(c, out: "source").run() == .done)
    return "\(tiny.folder)/source/checkpoints/step-00000001/model.safetensors"
  }

  @Test func aNewRunBeginsWithTheFileAndAResumedOneReadsNothing() throws {
    let tiny = try TinyRun()
    let path = try source(tiny)
    var c = tiny.configuration
    c.initialization.visual = path
    try expectStart(tiny, c, from: SafetensorsFile(path))
    try FileManager.default.removeItem(atPath: path)
    try expectResumption(tiny, c)
    c.initialization.visual = ""
    #expect(try tiny.trainer(c, out: "run").run() == .done)
  }

  /// A run that begins with the encoder of the file and else as one without a file, and stops after two steps.
  private func expectStart(_ tiny: TinyRun, _ c: RunConfiguration, from file: SafetensorsFile) throws {
    let log = Log()
    let trainer = try tiny.trainer(c, out: "run") { log.add($0) }
    let fresh = try tiny.trainer(tiny.configuration, out: "fresh")
    for entry in trainer.arena.entries {
      let values = entry.parameter.value.floats()
      if entry.name.hasPrefix("visual.") {
        #expect(try values == file.floats(entry.name), "\(entry.name)")
      } else {
        #expect(values == fresh.arena[entry.name]?.value.floats(), "\(entry.name)")
      }
    }
    let report = try String(contentsOfFile: "\(tiny.folder)/run/initialization.txt", encoding: .utf8)
    #expect(report.contains("visual.class_embedding") && report.contains("gci."))
    #expect(log.lines.count { $0.contains("parameters taken, 0 missing, 0 of another shape") } == 1, "\(log.lines)")
    #expect(log.lines.count { $0.contains("learns at the full rate") } == 1, "\(log.lines)")
    trainer.stopAfterStep = 2
    #expect(try trainer.run() == .stoppedWithCheckpoint)
  }

  private func expectResumption(_ tiny: TinyRun, _ c: RunConfiguration) throws {
    #expect(try tiny.trainer(c, out: "run").state.step == 2)
  }

  @Test func aFileThatDoesNotFitEndsTheRunWithItsReport() throws {
    let tiny = try TinyRun()
    var c = tiny.configuration
    c.initialization.visual = try source(tiny)
    (c.model.width, c.model.layers) = (32, 2)
    let error = #expect(throws: AgreedFault.self) { try tiny.trainer(c, out: "run") }
    #expect(error?.fault.code == .configuration)
    #expect(error?.fault.remedy?.contains("model.width=24 model.layers=1") == true, "\(String(describing: error))")
    let report = "\(tiny.folder)/run/initialization.txt"
    #expect(try String(contentsOfFile: report, encoding: .utf8).contains("visual.conv1.weight: file [24, 3, 8, 8]"))
    // A run without a file leaves no report of an attempt before it.
    _ = try tiny.trainer(tiny.configuration, out: "run")
    #expect(!FileManager.default.fileExists(atPath: report))
  }

  @Test func aFileThatIsNotThereIsMissingInput() throws {
    let tiny = try TinyRun()
    var c = tiny.configuration
    c.initialization.visual = "\(tiny.folder)/none"
    #expect(#expect(throws: AgreedFault.self) { try tiny.trainer(c, out: "run") }?.fault.code == .inputMissing)
  }
}

private final class Log: Sendable {
  private let text = Mutex<[String]>([])
  func add(_ line: String) { text.withLock { $0.append(line) } }
  var lines: [String] { text.withLock { $0 } }
}
