import Collectives
import Foundation
import Telemetry
import TensorCore
import Testing

@testable import Training

@Suite struct ProfiledRunTests {
  private struct Event {
    var name: String
    var row: Int
    var start: Double
    var duration: Double
    var flop: Int
    var end: Double { start + duration }
  }

  private func profiled(_ tiny: TinyRun, out: String, stepLimit: Int? = nil) throws -> (Trainer, () -> String) {
    let backend = ProfilingBackend(CPUBackend(), profile: KernelProfile())
    let trainer = try Trainer(
      tiny.configuration, folder: "\(tiny.folder)/\(out)", communicator: SoloCommunicator(), backend: backend,
      logger: Logger(terminal: Terminal(canRedraw: false, sink: { _ in })))
    let shown = Shown()
    var request = ProfileRequest(backend) { shown.text += $0 }
    request.stepLimit = stepLimit
    trainer.enableProfile(request, folder: "\(tiny.folder)/\(out)")
    return (trainer, { shown.text })
  }

  private final class Shown { var text = "" }

  private func events(_ path: String) throws -> [Event] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let all = try #require(file["traceEvents"] as? [[String: Any]])
    return try all.filter { $0["ph"] as? String == "X" }.map { fields in
      Event(
        name: try #require(fields["name"] as? String), row: try #require(fields["tid"] as? Int),
        start: try #require(fields["ts"] as? Double), duration: try #require(fields["dur"] as? Double),
        flop: (fields["args"] as? [String: Any])?["flop"] as? Int ?? 0)
    }
  }

  @Test func aProfiledRunComputesTheSameBits() throws {
    let tiny = try TinyRun()
    let plain = try tiny.trainer(tiny.configuration, out: "plain")
    _ = try plain.run()
    let (trainer, table) = try profiled(tiny, out: "profiled")
    _ = try trainer.run()
    #expect(trainer.arena.values.floats() == plain.arena.values.floats())
    #expect(table().contains("profile of 6 steps on 1 rank(s)"), "\(table())")
    for title in ["data wait", "forward", "backward", "communication exposed", "optimiser", "other", "product a·bᵀ"] {
      #expect(table().contains(title), "\(title) in \(table())")
    }
  }

  @Test func theTraceIsWholeAndItsEventsLieWithinTheirSteps() throws {
    let tiny = try TinyRun()
    let (trainer, _) = try profiled(tiny, out: "run", stepLimit: 3)
    _ = try trainer.run()
    let events = try events("\(tiny.folder)/run/profile/trace.json")
    let steps = events.filter { $0.row == 0 }
    #expect(steps.map(\.name) == ["step 3", "step 4", "step 5"])
    for row in 0..<3 {
      let row = events.filter { $0.row == row }
      #expect(!row.isEmpty && zip(row, row.dropFirst()).allSatisfy { $0.start <= $1.start })
    }
    for row in [0, 2] {
      let row = events.filter { $0.row == row }
      #expect(zip(row, row.dropFirst()).allSatisfy { $0.end <= $1.start + 0.0005 })
    }
    for event in events where event.row > 0 {
      #expect(steps.contains { $0.start <= event.start && event.end <= $0.end + 0.0005 }, "\(event)")
    }
    // The one visual layer of 24 columns: its expansion to 96, once a step forward.
    let kernels = events.filter { $0.row == 2 }
    #expect(kernels.contains { $0.flop > 0 } && kernels.allSatisfy { $0.flop % 2 == 0 })
    #expect(Set(events.filter { $0.row == 1 }.map(\.name)).isSuperset(of: ["forward", "backward", "optimiser"]))
  }

  @Test func aTraceThatIsTooLongKeepsTheLastWholeSteps() throws {
    let kernels = KernelProfile(eventLimit: 25)
    let backend = ProfilingBackend(CPUBackend(), profile: kernels)
    let profile = StepProfile(kernels, skippedStepCount: 0)
    let x = Tensor([1, 2] as [Float], shape: [2], backend: backend)
    for step in 0..<20 {
      profile.beginStep(step)
      for _ in 0..<10 { _ = x + x }
      profile.endStep()
    }
    let bytes = ProfileTrace.file([ProfileTrace.events(profile, rank: 0, origin: 0, machine: "m\"1")])
    let path = NSTemporaryDirectory() + "sgmn-trace-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let events = try events(path)
    #expect(events.filter { $0.row == 0 }.map(\.name) == ["step 19", "step 20"])
    #expect(events.count { $0.row == 2 } == 20)
    #expect(String(decoding: bytes, as: UTF8.self).contains("rank 0 on m\\\"1, without its first 18 steps"))
  }
}
