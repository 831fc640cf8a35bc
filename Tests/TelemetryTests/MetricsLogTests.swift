import Faults
import Foundation
import Testing

@testable import Telemetry

@Suite struct MetricsLogTests {
  private func withPath(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appendingPathComponent("metrics.jsonl").path)
  }

  private func steps(_ path: String) throws -> [Int] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      let object = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      return try #require(object?["step"] as? Int)
    }
  }

  private func write(_ path: String, steps: ClosedRange<Int>, restoredStep: Int) throws {
    let log = try MetricsLog(path: path, restoredStep: restoredStep)
    for step in steps { try log.append(step: step, ["loss": 1.5]) }
  }

  @Test func linesAreJSONInTheOrderGiven() throws {
    try withPath { path in
      let log = try MetricsLog(path: path, restoredStep: 0)
      try log.append(
        step: 3, ["loss": 0.1, "ids": 7, "note": "a \"b\"\n\u{1}é", "ok": true, "bad": .number(.nan)])
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.hasPrefix("{\"step\":3,\"time\":1"))
      #expect(
        text.hasSuffix(",\"loss\":0.1,\"ids\":7,\"note\":\"a \\\"b\\\"\\n\\u0001é\",\"ok\":true,\"bad\":\"NaN\"}\n"))
      #expect(try steps(path) == [3])
    }
  }

  @Test func resumingDropsTheStepsThatWillRunAgain() throws {
    try withPath { path in
      try write(path, steps: 1...10, restoredStep: 0)
      try write(path, steps: 7...8, restoredStep: 6)
      #expect(try steps(path) == Array(1...8))
    }
  }

  /// A file that somebody else wrote into: what is no line of a run is dropped, whatever it is.
  @Test func hostileLinesAreDropped() throws {
    let deep = String(repeating: "[", count: 100_000)
    let lines = [
      "{\"step\":1}", deep, "{\"step\":\(deep)", "{\"step\":1e300}", "{\"step\":99999999999999999999}", "null",
      "{\"step\":\"2\"}", "\u{0}",
      "{\"step\":2,\"note\":\"\(String(repeating: "x", count: 2 << 20))\"}",
      "{\"step\":3}",
    ]
    let kept = MetricsLog.keptLines(Array((lines.joined(separator: "\n") + "\n").utf8), restoredStep: 3)
    #expect(String(decoding: kept, as: UTF8.self) == "{\"step\":1}\n{\"step\":3}\n")
    #expect(MetricsLog.keptLines([0xFF, 0x0A, 0xC0], restoredStep: 3).isEmpty)
  }

  @Test func aCutLastLineIsRepaired() throws {
    try withPath { path in
      try write(path, steps: 1...3, restoredStep: 0)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      for cut in 1...20 {
        try whole.dropLast(cut).write(to: URL(fileURLWithPath: path))
        try write(path, steps: 3...3, restoredStep: 100)
        #expect(try steps(path) == [1, 2, 3])
      }
    }
  }

  @Test func aNewRunStartsAnew() throws {
    try withPath { path in
      try write(path, steps: 1...3, restoredStep: 0)
      try write(path, steps: 1...1, restoredStep: 0)
      #expect(try steps(path) == [1])
    }
  }

  @Test func linesThatAreNoMetricsAreDropped() {
    let text = "{\"step\":1}\nnonsense\n[1]\n{\"step\":\"2\"}\n\n{\"step\":2}\n{\"step\":3"
    #expect(MetricsLog.keptLines(Array(text.utf8), restoredStep: 9) == Array("{\"step\":1}\n{\"step\":2}\n".utf8))
  }

  @Test func aFolderThatIsNotThereIsNamed() {
    #expect(throws: Fault.self) { try MetricsLog(path: "/nonexistent/metrics.jsonl", restoredStep: 0) }
  }
}
