import Faults
import Foundation
import Testing

@testable import WeightFiles

/// The fault of opening a file and reading all of it; nil where it is taken. Anything else that is thrown is a defect.
func faultOfOpening(_ path: String) -> Fault? {
  do {
    let file = try WeightFiles.open(path)
    for name in file.shapes.keys { _ = try file.floats(name) }
    return nil
  } catch let fault as Fault {
    return fault
  } catch {
    Issue.record("no fault: \(error)")
    return nil
  }
}

/// The same of a file of these bytes, which is removed again.
func faultOfOpening(_ bytes: [UInt8]) throws -> Fault? {
  try withWeightFile(bytes) { faultOfOpening($0) }
}

/// Expects that a file of these bytes is refused soon, as bad data, with a reason that holds `reason`.
///
/// Time is that of this thread on a CPU, whatever else the machine does. The limit is far above what it takes, in a debug
/// build too: what has no bound goes beyond any.
func expectRefused(
  _ bytes: [UInt8], _ reason: String, within limit: Duration = .seconds(1),
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try withWeightFile(bytes) { path in
    let start = threadTime()
    let fault = faultOfOpening(path)
    let time = threadTime() - start
    #expect(fault?.code == .badData, sourceLocation: sourceLocation)
    let told = "\(fault?.what ?? "taken") (\(fault?.place ?? "nowhere"))"
    #expect(told.contains(reason), sourceLocation: sourceLocation)
    #expect(fault?.place?.hasPrefix(path) == true, sourceLocation: sourceLocation)
    #expect(time < limit, sourceLocation: sourceLocation)
  }
}

private func threadTime() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

func withWeightFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).weights").path
  defer { try? FileManager.default.removeItem(atPath: path) }
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  return try body(path)
}
