import Faults
import ShardFormat

/// One object, read in parts. Each read checks that the object is still the one that was opened.
final class RemoteObject: ShardBytes {
  let byteCount: Int
  private let objects: RemoteObjects
  private let name: String
  private let validator: Validator?

  init(_ objects: RemoteObjects, name: String, byteCount: Int, validator: Validator?) {
    self.objects = objects
    self.name = name
    self.byteCount = byteCount
    self.validator = validator
  }

  var path: String { objects.origin.address(of: name) }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    let (end, overflow) = offset.addingReportingOverflow(buffer.count)
    guard offset >= 0, !overflow, end <= byteCount else {
      let found = offset >= 0 && offset < byteCount ? byteCount - offset : 0
      throw Fault(
        .badData, "The file ends early: expected \(buffer.count) bytes, found \(found)", at: "\(path): byte \(offset)")
    }
    guard buffer.count > 0 else { return }
    let transfer = ObjectTransfer(
      start: offset, end: end, total: byteCount, validator: validator, into: MemoryConsumer(buffer))
    try objects.run(transfer, of: name)
  }
}
