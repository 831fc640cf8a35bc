import Faults
import Glibc

/// Repeats a system call while a signal interrupts it, and turns any other failure into a `Fault`.
@discardableResult
package func systemCall<T: SignedInteger>(
  _ name: String, path: String, missing: ExitCode = .inputMissing, _ call: () -> T
) throws -> T {
  while true {
    let result = call()
    if result != -1 { return result }
    if errno != EINTR { throw Fault.system(name, path: path, errno: errno, missing: missing) }
  }
}
