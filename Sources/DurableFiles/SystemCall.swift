import Failpoints
import Faults
import Glibc

/// Repeats a system call while a signal interrupts it, and turns any other failure into a `Fault`.
///
/// What is armed at `failpoint` happens before each call; an error there stands for that of the call.
@discardableResult
package func systemCall<T: SignedInteger>(
  _ name: String, path: String, missing: ExitCode = .inputMissing, failpoint: Failpoint? = nil, _ call: () -> T
) throws -> T {
  while true {
    var failure = failpoint?.failsCall()
    if failure == nil {
      let result = call()
      if result != -1 { return result }
      failure = errno
    }
    if let failure, failure != EINTR { throw Fault.system(name, path: path, errno: failure, missing: missing) }
  }
}
