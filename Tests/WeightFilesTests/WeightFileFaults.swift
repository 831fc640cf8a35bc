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

func withWeightFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).weights").path
  defer { try? FileManager.default.removeItem(atPath: path) }
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  return try body(path)
}
