import Foundation
import TensorCore

/// A Chrome trace (chrome://tracing, ui.perfetto.dev) of the ranks of a run: one process a rank, one row a kind of work.
///
/// Every rank renders its own events; rank 0 puts them into one file.
enum ProfileTrace {
  private enum Row: Int, CaseIterable {
    case steps, phases, kernels, otherKernels, communication

    var title: String {
      switch self {
      case .steps: "steps"
      case .phases: "phases"
      case .kernels: "kernels"
      case .otherKernels: "kernels, other threads"
      case .communication: "gradients on their way"
      }
    }
  }

  /// The events of a rank, as elements of a JSON array. `origin` is the rank's time at a moment that all ranks share.
  ///
  /// Whole steps only: where events were let go, what is before the first step that has all of its own is left out.
  static func events(_ profile: StepProfile, rank: Int, origin: Int, machine: String) -> [UInt8] {
    let kernels = profile.kernels.events.sorted { $0.start < $1.start }
    let isCut = profile.letGoSpanCount > 0 || kernels.count < profile.kernels.recordedCount
    let steps = profile.spans.filter { $0.phase == nil }.sorted { $0.start < $1.start }
    var first = Int.min
    if isCut {
      let kept = max(
        kernels.count < profile.kernels.recordedCount ? kernels.first?.start ?? Int.max : Int.min,
        profile.letGoSpanCount > 0 ? profile.spans.map(\.start).min() ?? Int.max : Int.min)
      first = steps.first { $0.start >= kept }?.start ?? kept
    }
    var writer = EventWriter(rank: rank, origin: origin)
    let left = steps.count { $0.start < first } + (profile.stepCount - steps.count)
    writer.metadata(
      "process_name", "rank \(rank) on \(machine)" + (left > 0 ? ", without its first \(left) steps" : ""))
    for row in Row.allCases { writer.metadata("thread_name", row.title, row: row.rawValue) }
    for span in steps where span.start >= first {
      writer.event("step \(span.step + 1)", row: Row.steps.rawValue, span.start, span.duration)
    }
    for span in profile.spans.sorted(by: { $0.start < $1.start }) where span.start >= first {
      guard let phase = span.phase else { continue }
      writer.event(phase.title, row: Row.phases.rawValue, span.start, span.duration)
    }
    for event in kernels where event.start >= first {
      writer.event(
        event.kernel.rawValue, row: (event.isOnMainThread ? Row.kernels : .otherKernels).rawValue, event.start,
        event.duration,
        arguments:
          "\"shape\":\"\(event.shape)\",\"format\":\"\(event.dtype)\",\"flop\":\(event.floatingOperationCount),"
          + "\"bytes\":\(event.byteCount)")
    }
    for journey in profile.journeys.sorted(by: { $0.start < $1.start }) where journey.start >= first {
      writer.event(
        "bucket \(journey.bucket)", row: Row.communication.rawValue, journey.start, journey.duration)
    }
    return writer.bytes
  }

  /// The file, of the events of all ranks.
  static func file(_ ranks: [[UInt8]]) -> [UInt8] {
    var bytes = Array("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n".utf8)
    for (number, events) in ranks.filter({ !$0.isEmpty }).enumerated() {
      if number > 0 { bytes += Array(",\n".utf8) }
      bytes += events
    }
    return bytes + Array("\n]}\n".utf8)
  }
}

private struct EventWriter {
  let rank: Int
  let origin: Int
  private(set) var bytes: [UInt8] = []

  init(rank: Int, origin: Int) { (self.rank, self.origin) = (rank, origin) }

  mutating func metadata(_ name: String, _ value: String, row: Int = 0) {
    append("{\"ph\":\"M\",\"pid\":\(rank),\"tid\":\(row),\"name\":\"\(name)\",\"args\":{\"name\":\(quoted(value))}}")
  }

  mutating func event(_ name: String, row: Int, _ start: Int, _ duration: Int, arguments: String = "") {
    append(
      "{\"ph\":\"X\",\"pid\":\(rank),\"tid\":\(row),\"name\":\(quoted(name)),\"ts\":\(microseconds(start - origin)),"
        + "\"dur\":\(microseconds(duration))" + (arguments.isEmpty ? "}" : ",\"args\":{\(arguments)}}"))
  }

  private mutating func append(_ text: String) {
    if !bytes.isEmpty { bytes += [UInt8(ascii: ","), UInt8(ascii: "\n")] }
    bytes += Array(text.utf8)
  }

  /// To the nanosecond.
  private func microseconds(_ nanoseconds: Int) -> String {
    let digits = String(abs(nanoseconds) % 1000 + 1000).dropFirst()
    return "\(nanoseconds < 0 ? "-" : "")\(abs(nanoseconds) / 1000).\(digits)"
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { result += "\\" }
      result += scalar.value < 0x20 ? " " : String(scalar)
    }
    return result + "\""
  }
}
