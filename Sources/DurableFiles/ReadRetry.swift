import Failpoints
import Glibc

/// How often a read is tried again that fails as disks and file servers fail for a moment.
public struct ReadRetry: Sendable {
  /// Seconds of the wait after each failed try: one try more than there are waits.
  public var waits: [Double]
  /// Told of every try that another follows, in one line.
  public var notice: (@Sendable (String) -> Void)?
  /// Where a test makes the reads fail.
  public var failpoint: Failpoint?

  public init(
    waits: [Double] = [0.1, 0.5], notice: (@Sendable (String) -> Void)? = nil, failpoint: Failpoint? = nil
  ) {
    (self.waits, self.notice, self.failpoint) = (waits, notice, failpoint)
  }

  /// One try.
  public static let none = ReadRetry(waits: [])

  /// What may be another answer the next time. That a file is not there, or may not be read, stays so.
  static func mayPass(_ code: Int32) -> Bool { [EIO, ESTALE, ETIMEDOUT, EAGAIN].contains(code) }

  /// Seconds to wait before the next try; nil where there is to be none.
  func wait(afterFailure number: Int, errno code: Int32) -> Double? {
    Self.mayPass(code) && number <= waits.count ? waits[number - 1] : nil
  }
}
