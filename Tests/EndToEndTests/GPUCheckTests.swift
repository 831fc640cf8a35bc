import FaultTrials
import Foundation
import ProbeJobs
import Testing

extension EndToEnd {
  /// `scripts/gpu-check`, as far as it goes without a card.
  @Suite struct GPUCheckTests {
    @Test func withoutAGPUItSaysSo() throws {
      let result = try check([], variables: ["SGMN_CUDA_LIBRARIES": "/nowhere"])
      #expect(result.status == 77, "\(result.text)")
      #expect(result.text.contains("no GPU: "), "\(result.text)")
    }

    /// On the emulated GPU: every row is there, and none of them is a failure.
    @Test func endsInOneTable() throws {
      let table = FileManager.default.temporaryDirectory.appendingPathComponent("gpu-check-\(UUID().uuidString).md")
      defer { try? FileManager.default.removeItem(at: table) }
      let result = try check(["--quick", "--out", table.path], variables: EmulatorBuild.environment.get())
      #expect(result.status == 0, "\(result.text)")
      let text = try String(contentsOf: table, encoding: .utf8)
      #expect(!text.contains("WRONG") && !text.contains("FAILED") && !text.contains("OTHER BITS"), "\(text)")
      for row in [
        "| kernels | 32 right, 0 wrong |", "| 2 ranks on one card", "| 3 ranks on one card", "pairs in bf16 |",
        "| the same run again | the same loss |", "| with CUDA graphs", "| encoder, and its bare products |",
        "| images and clips to embeddings |", "pairs in fp32 |", "| waiting for data", "| attention backward, bf16 |",
      ] {
        #expect(text.contains(row), "\(row) is not in\n\(text)")
      }
    }

    private func check(_ arguments: [String], variables: [String: String]) throws -> Job.Result {
      var command = Command(EmulatorBuild.root.appendingPathComponent("scripts/gpu-check").path, arguments)
      command.seconds = 240
      command.variables = variables.merging(["SGMN_BIN": try Command.products()]) { $1 }
      return try command.run()
    }
  }
}
