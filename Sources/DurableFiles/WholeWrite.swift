import Faults
import Glibc

/// Writes all bytes to a descriptor, in as many calls as the system wants.
///
/// - Throws: the fault of the call that failed; `Fault(.inputOutput)` where a call is said to have written nothing, or more
///   than it was given.
func writeWhole(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
  var rest = bytes
  while !rest.isEmpty {
    let count = try systemCall("write", path: path, failpoint: .fileWrite) {
      Glibc.write(descriptor, rest.baseAddress, rest.count)
    }
    guard (1...rest.count).contains(count) else {
      throw Fault(
        .inputOutput, "A write of \(rest.count) bytes is said to have written \(count)", at: path,
        remedy: "Check the disk")
    }
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
  }
}
