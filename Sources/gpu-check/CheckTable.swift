import Foundation

/// The lines of the report: a Markdown table.
struct CheckTable {
  struct Timing {
    let seconds: Double
    let floor: Double
    let kernel: PreparedKernel

    /// What it moves or computes in a second.
    var speed: String {
      kernel.operationCount > 0
        ? String(format: "%.0f TFLOP/s", Double(kernel.operationCount) / seconds / 1e12)
        : String(format: "%.0f GB/s", Double(kernel.byteCount) / seconds / 1e9)
    }
  }

  private var lines: [String] = []
  private(set) var failedCount = 0

  mutating func add(_ kernel: KernelCase, _ result: KernelCheck.Result, _ timing: Timing?) {
    let isRight = result.error <= kernel.tolerance && result.repeats
    if !isRight { failedCount += 1 }
    let times =
      timing.map {
        String(format: "%.1f | ", $0.seconds * 1e6) + $0.speed
          + String(format: " | %.1f | %.0f %%", $0.floor * 1e6, 100 * $0.floor / $0.seconds)
      } ?? "- | - | - | -"
    lines.append(
      "| \(kernel.name) | \(times) | " + String(format: "%.1e of %.1e", result.error, kernel.tolerance)
        + " | \(result.repeats ? "same bits" : "OTHER BITS") | \(isRight ? "ok" : "WRONG") |")
  }

  var text: String {
    "| kernel | µs | speed | floor µs | share of floor | error | twice | |\n|---|---|---|---|---|---|---|---|\n"
      + lines.map { $0 + "\n" }.joined()
  }
}
