import DurableFiles
import Faults

/// A fault on its way from a worker.
struct WorkerRefusal {
  var fault: Fault

  init(_ fault: Fault) { self.fault = fault }

  /// Throws `WorkerFailure.garbled` where the bytes are no fault.
  init(_ bytes: [UInt8]) throws {
    var reader = ByteReader(bytes, path: "a worker's refusal")
    do {
      let number = try reader.integer(Int32.self, "code")
      guard let code = ExitCode(rawValue: number) else { throw WorkerFailure.garbled }
      let texts = try (0..<3).map { _ in
        try reader.integer(UInt8.self, "presence") == 1 ? try reader.string("text", limit: bytes.count) : nil
      }
      try reader.expectEnd()
      guard let what = texts[0] else { throw WorkerFailure.garbled }
      fault = Fault(code, what, at: texts[1], remedy: texts[2])
    } catch {
      throw WorkerFailure.garbled
    }
  }

  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.integer(fault.code.rawValue)
    for text in [fault.what, fault.place, fault.remedy] {
      writer.integer(UInt8(text == nil ? 0 : 1))
      if let text { writer.string(String(text.prefix(10_000))) }
    }
    return writer.bytes
  }
}
