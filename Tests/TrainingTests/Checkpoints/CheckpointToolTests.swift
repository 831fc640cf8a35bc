import Checkpointing
import Faults
import Foundation
import Testing

@testable import Training

/// What `sgmn-train checkpoint` prints and writes, on the checkpoints of a real run.
@Suite struct CheckpointToolTests {
  private let tiny: TinyRun
  private var run: String { "\(tiny.folder)/run" }

  init() throws {
    tiny = try TinyRun()
    #expect(try tiny.trainer(tiny.configuration, out: "run").run() == .done)
  }

  private func folder(_ step: Int, of run: String? = nil) -> String {
    "\(run ?? self.run)/checkpoints/step-0000000\(step)"
  }

  private func flip(_ path: String) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count - 3] ^= 4
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  private func verify(_ path: String) throws -> (lines: [String], fault: Fault?) {
    var lines: [String] = []
    do {
      try CheckpointVerification.verify(path) { lines.append($0) }
      return (lines, nil)
    } catch let fault as Fault { return (lines, fault) }
  }

  @Test func aLineTellsOfEachCheckpoint() throws {
    let lines = try CheckpointListing.lines(run)
    #expect(lines.count == 3)
    for (line, step) in zip(lines, [3, 6, 8]) {
      #expect(line.hasPrefix("step \(step) ") && line.contains(" KiB ") && line.contains("1 rank "), "\(line)")
      #expect(line.hasSuffix("latest") == (step == 8), "\(line)")
    }
    #expect(try CheckpointListing.lines(run + "/checkpoints") == lines)
    try FileManager.default.removeItem(atPath: folder(6) + "/optimizer.safetensors")
    try Data().write(to: URL(fileURLWithPath: folder(3) + "/manifest.json"))
    let damaged = try CheckpointListing.lines(run)
    #expect(damaged.count == 3)
    #expect(damaged[0].hasPrefix("step 3 ") && damaged[0].contains("damaged: ") && damaged[0].contains("manifest.json"))
    #expect(damaged[1].hasPrefix("step 6 ") && damaged[1].contains("optimizer.safetensors"), "\(damaged[1])")
    #expect(damaged[2] == lines[2])
    for (path, code) in [(folder(8), Faults.ExitCode.usage), (tiny.folder + "/none", .inputMissing)] {
      #expect(#expect(throws: Fault.self) { try CheckpointListing.lines(path) }?.code == code)
    }
  }

  @Test func verifyingReadsEveryByte() throws {
    #expect(try verify(run).fault == nil)
    #expect(try verify(run).lines.count == 3)
    try flip(folder(6) + "/model.safetensors")
    let (lines, fault) = try verify(run)
    #expect(fault?.code == .badData && fault?.what == "1 of 3 checkpoint(s) damaged")
    #expect(lines[1].contains("step-00000006: damaged: Checksum differs") && lines[1].contains("model.safetensors"))
    #expect(lines[0].hasPrefix("step-00000003: whole, 3 files, ") && lines[2].contains("whole"))
    #expect(try verify(folder(6)).fault?.code == .badData)
    #expect(try verify(folder(8)).fault == nil)
    try FileManager.default.removeItem(atPath: folder(3) + "/manifest.json")
    #expect(try verify(folder(3)).lines.first?.contains("damaged: No such file") == true)
  }

  @Test func equalRunsAreEqual() throws {
    #expect(try tiny.trainer(tiny.configuration, out: "again").run() == .done)
    let comparison = try CheckpointComparison(run, "\(tiny.folder)/again") { Issue.record("\($0)") }
    #expect(comparison.areEqual, "\(comparison.parts)")
  }

  @Test func whatDiffersIsNamed() throws {
    var configuration = tiny.configuration
    configuration.optimizer.learningRate = 1e-3
    #expect(try tiny.trainer(configuration, out: "other").run() == .done)
    var parts = try CheckpointComparison(run, "\(tiny.folder)/other") { Issue.record("\($0)") }.parts
    #expect(parts.map(\.title) == ["settings", "weights", "moments"])
    #expect(parts[0].lines.count == 1 && parts[0].lines[0].hasPrefix("optimizer.learning_rate: "))
    #expect(parts[1].lines.contains { $0.contains(" elements, by at most ") })
    parts = try CheckpointComparison(folder(3), folder(6)) { _ in }.parts
    #expect(parts.map(\.title) == ["state", "weights", "moments"])
    #expect(parts[0].lines.first == "step: 3 | 6" && parts[1].lines.first == "step: 3 | 6")
    #expect(parts[2].lines.first == "updates: 3 | 6")
  }

  @Test func whatDiffersInTheStateIsNamed() throws {
    let state = try TrainingCheckpoint.readState(try CheckpointStore.load(folder(8)))
    #expect(CheckpointComparison.lines(state, state) == [])
    var other = state
    other.threadCount = nil
    other.skippedSteps = 2
    let threads = try #require(state.threadCount)
    #expect(
      CheckpointComparison.lines(state, other)
        == ["threads a rank: \(threads) | unknown", "skipped steps: 0 | 2"])
  }

  @Test func aDamagedNewestIsPassedOverLoudly() throws {
    try flip(folder(8) + "/model.safetensors")
    var warnings: [String] = []
    let comparison = try CheckpointComparison(run, folder(6)) { warnings.append($0) }
    #expect(comparison.areEqual && warnings.count == 1 && warnings[0].contains("step-00000008"))
  }

  @Test func elementsAreComparedBitByBit() {
    func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
    var difference = TensorDifference.difference(bytes([1, 2, 3, -0.0]), bytes([1, 2.5, 1, 0]))
    #expect(difference.count == 3 && difference.greatest == 2)
    difference = TensorDifference.difference(bytes([1, .nan, 3]), bytes([2, 1, 30]))
    #expect(difference.count == 3 && difference.greatest.isNaN)
    difference = TensorDifference.difference(bytes([.nan]), bytes([.nan]))
    #expect(difference.count == 0 && difference.greatest == 0)
  }

  @Test(arguments: WeightExport.ElementType.allCases) func exportedWeightsAreThoseOfTheCheckpoint(
    type: WeightExport.ElementType
  ) throws {
    let out = "\(tiny.folder)/weights.safetensors"
    let byteCount = try WeightExport.write(run, to: out, as: type) { Issue.record("\($0)") }
    let (file, source) = (try SafetensorsFile(out), try SafetensorsFile(folder(8) + "/model.safetensors"))
    #expect(try FileManager.default.attributesOfItem(atPath: out)[.size] as? Int == byteCount)
    #expect(file.tensors.keys.sorted() == source.tensors.keys.sorted())
    for (name, entry) in file.tensors {
      #expect(entry.shape == source.tensors[name]?.shape)
      for (stored, exact) in zip(try file.floats(name), try source.floats(name)) {
        let bound: Float = type == .float32 ? 0 : abs(exact) * (type == .bf16 ? 0x1p-8 : 0x1p-11) + 0x1p-25
        guard abs(stored - exact) <= bound else {
          Issue.record("\(name): \(stored) for \(exact)")
          break
        }
      }
    }
    #expect(file.metadata["format"] == "pt" && file.metadata["step"] == "8")
    let yaml = "\(tiny.folder)/exported.yaml"
    try #require(file.metadata["configuration"]).write(toFile: yaml, atomically: true, encoding: .utf8)
    #expect(try ConfigurationFile.load(path: yaml, settings: []) == tiny.configuration)
    let fault = #expect(throws: Fault.self) { try WeightExport.write(run, to: out, as: type) { _ in } }
    #expect(fault?.code == .outputUnavailable)
  }

  @Test func theExportedEncodersCarryStepAndSettings() throws {
    let out = "\(tiny.folder)/encoders"
    let byteCount = try WeightExport.writeONNX(folder(6), to: out) { Issue.record("\($0)") }
    let files = try FileManager.default.contentsOfDirectory(atPath: out)
    #expect(files.count == 5)
    #expect(
      try files.reduce(0) { try $0 + Data(contentsOf: URL(fileURLWithPath: "\(out)/\($1)")).count } == byteCount)
    let (file, source) = (
      try SafetensorsFile(out + "/weights.safetensors"), try SafetensorsFile(folder(6) + "/model.safetensors")
    )
    #expect(file.tensors.keys.contains("visual.proj") && !file.tensors.keys.contains { $0.hasPrefix("gci.") })
    for name in file.tensors.keys { #expect(try file.read(name) == source.read(name), "\(name)") }
    #expect(file.metadata["step"] == "6")
    #expect(file.metadata["configuration"] == (try ConfigurationFile.text(of: tiny.configuration)))
    let fault = #expect(throws: Fault.self) { try WeightExport.writeONNX(run, to: out) { _ in } }
    #expect(fault?.code == .outputUnavailable)
    let none = #expect(throws: Fault.self) { try WeightExport.writeONNX(tiny.folder + "/none", to: out + "2") { _ in } }
    #expect(none?.code == .inputMissing)
  }

  @Test func aWeightTooLargeForTheTypeIsAFault() throws {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
    defer { memory.deallocate() }
    func code(_ value: Float, _ type: WeightExport.ElementType) -> Faults.ExitCode? {
      do {
        let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[..<(type == .float32 ? 4 : 2)])
        try WeightExport.encode([value], as: type, into: bytes, name: "w")
        return nil
      } catch { return (error as? Fault)?.code }
    }
    #expect(code(65_519, .f16) == nil && code(65_520, .f16) == .usage && code(65_520, .bf16) == nil)
    #expect(code(.greatestFiniteMagnitude, .bf16) == .usage && code(.greatestFiniteMagnitude, .float32) == nil)
  }
}
