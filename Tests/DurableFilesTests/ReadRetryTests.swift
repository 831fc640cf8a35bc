import Glibc
import Testing

@testable import DurableFiles

@Suite struct ReadRetryTests {
  @Test(arguments: [EIO, ESTALE, ETIMEDOUT, EAGAIN])
  func `what may pass is tried three times`(_ code: Int32) {
    let retry = ReadRetry()
    #expect(retry.wait(afterFailure: 1, errno: code) == 0.1)
    #expect(retry.wait(afterFailure: 2, errno: code) == 0.5)
    #expect(retry.wait(afterFailure: 3, errno: code) == nil)
    #expect(ReadRetry.none.wait(afterFailure: 1, errno: code) == nil)
  }

  @Test(arguments: [EACCES, EBADF, EISDIR, ENOENT, EINVAL])
  func `what stays so is not tried again`(_ code: Int32) {
    #expect(ReadRetry().wait(afterFailure: 1, errno: code) == nil)
  }
}
