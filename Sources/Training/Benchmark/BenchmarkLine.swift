import Foundation
import Glibc
import TensorCore

/// The fields of a benchmark's line: `name=value name=value …`.
struct BenchmarkLine {
  private(set) var text = ""

  mutating func add(_ name: String, _ value: String) { text += (text.isEmpty ? "" : " ") + "\(name)=\(value)" }
  mutating func add(_ name: String, _ value: Int) { add(name, "\(value)") }
  mutating func add(_ name: String, _ value: Double, digits: Int) {
    add(name, String(format: "%.\(digits)f", value))
  }

  /// The most memory that this process had, in 2³⁰ bytes.
  static var peakGibibytes: Double {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / Double(1 << 20)
  }

  /// The most memory that the backend's tensors had at one time, and on a GPU what it took of the card for them, in 2³⁰
  /// bytes; nothing where it does not count them.
  mutating func addTensorMemory(of backend: any Backend) {
    guard let worker = ((backend as? ProfilingBackend)?.base ?? backend) as? any MemoryCounting else { return }
    add("tensors_gib", Double(worker.peakLiveByteCount) / Double(1 << 30), digits: 2)
    guard backend.kind != .cpu else { return }
    add("device_gib", Double(worker.reservedByteCount) / Double(1 << 30), digits: 2)
  }

  /// The middle value; the mean of the two in the middle where there is none.
  static func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "the median of nothing")
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
