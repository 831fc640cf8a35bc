import Foundation

/// The most resident memory of this process from a moment on, less what it had then.
struct PeakMemory {
  /// nil where the system does not begin anew to look for the peak.
  private let before: Int?

  init() {
    let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs")
    let isReset = file.map { (try? $0.write(contentsOf: Data("5".utf8))) != nil } ?? false
    before = isReset ? PeakMemory.field("VmRSS") : nil
  }

  /// How much it has grown, in words; throws where that is 64 MiB or more.
  func growth(for purpose: String) throws -> String {
    guard let before, let peak = PeakMemory.field("VmHWM") else { return "memory cannot be measured here" }
    guard peak - before < 64 << 20 else { throw TrialFailure("\((peak - before) >> 20) MiB of memory \(purpose)") }
    return "\(max(0, peak - before) >> 10) KiB of memory"
  }

  private static func field(_ name: String) -> Int? {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line?.split(separator: " ").dropLast().last.flatMap { Int($0) }.map { $0 << 10 }
  }
}
