import Faults
import ShardFormat
import Testing

/// The fault that `body` throws; records an issue if it throws none.
func fault(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> Fault {
  do { try body() } catch let fault as Fault { return fault } catch {
    Issue.record("\(error) is no fault", sourceLocation: sourceLocation)
    return Fault(.done, "")
  }
  Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  return Fault(.done, "")
}

extension ShardBytes {
  func bytes(_ range: Range<Int>) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    try bytes.withUnsafeMutableBytes { try read(at: range.lowerBound, into: $0) }
    return bytes
  }
}
