import Faults
import Glibc
import Randomness

/// Reads objects of an origin, with as many tries as it takes.
final class RemoteObjects: Sendable {
  let origin: any RemoteOrigin
  let network: NetworkStatistics
  private let http: HTTPClient
  private let retry: RetryPolicy
  private let notice: (@Sendable (String) -> Void)?
  /// Each process waits in its own way: ranks must not come back to a server together.
  private static let processSeed: UInt64 = {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return RandomStream.fnv1a("\(host) \(getpid())")
  }()

  init(
    _ origin: any RemoteOrigin, http: HTTPClient, retry: RetryPolicy, notice: (@Sendable (String) -> Void)? = nil
  ) {
    self.origin = origin
    self.http = http
    network = http.network
    self.retry = retry
    self.notice = notice
  }

  /// Runs a transfer to its end, however many responses that takes.
  ///
  /// After the last try one `Fault`: `.inputMissing` if the object is not there, `.permission` if it may not be read,
  /// `.badData` if it was replaced, `.remoteUnavailable` if the server or the way to it fails, or if
  /// `stop` was raised.
  func run(_ transfer: ObjectTransfer, of name: String, stop: StopFlag? = nil) throws {
    try withTries(
      name, stop, position: { transfer.position },
      attempt: {
        var request = HTTPRequest(url: origin.url(of: name), headers: transfer.headers())
        request.expectedByteCount = max(0, (transfer.end ?? transfer.total ?? 256 << 20) - transfer.position)
        try send(&request, to: transfer, stop)
      },
      prepare: { failure in
        if case .changed = failure { return try transfer.forget() }
        try transfer.goOn()
        return true
      })
  }

  /// Size and state of an object.
  func probe(_ name: String) throws -> ObjectProbe {
    var probe = ObjectProbe()
    try withTries(
      name, nil, position: { 0 },
      attempt: {
        probe = ObjectProbe()
        var request = HTTPRequest(url: origin.url(of: name), headers: ObjectProbe.headers, expectedByteCount: 1)
        do {
          try send(&request, to: probe, nil)
        } catch is ObjectProbe.Enough {
          // Its head told all.
        } catch RequestFailure.status(let head, _) where probe.accepts(head) {
          // The object is empty.
        }
      },
      prepare: { _ in true })
    return probe
  }

  private func send(_ request: inout HTTPRequest, to sink: any ResponseSink, _ stop: StopFlag?) throws {
    try origin.authorize(&request)
    try http.get(request, into: sink, followsRedirects: origin.followsRedirects, stop: stop)
  }

  /// - Parameter prepare: called before another try; false if there must be none.
  private func withTries(
    _ name: String, _ stop: StopFlag?, position: () -> Int, attempt: () throws -> Void,
    prepare: (RequestFailure) throws -> Bool
  ) throws {
    let address = origin.address(of: name)
    var random = RandomStream(seed: RemoteObjects.processSeed, "tries of \(address)", position())
    var failedCount = 0
    var violationCount = 0
    while true {
      let before = position()
      do {
        return try attempt()
      } catch let thrown as RequestFailure {
        let failure = thrown.asServersMeanIt
        if position() - before >= retry.progressByteCount { failedCount = 0 }
        failedCount += 1
        var judgement = judge(failure, address)
        if judgement.isViolation { violationCount += 1 }
        if failedCount >= retry.tryCount || violationCount >= retry.violationTryCount { judgement.isFinal = true }
        guard !judgement.isFinal, try prepare(failure) else {
          if failedCount > 1 { judgement.fault.what += ", after \(failedCount) tries" }
          throw judgement.fault
        }
        network.retried()
        let seconds = retry.seconds(afterTry: failedCount, asked: judgement.askedSeconds, random: &random)
        notice?("\(address): \(judgement.fault.what); try \(failedCount + 1) of \(retry.tryCount) follows")
        try pause(seconds, stop)
      } catch var fault as Fault {
        fault.place = fault.place ?? address
        throw fault
      }
    }
  }

  private struct Judgement {
    var fault: Fault
    var isFinal: Bool
    /// Whether the response was not what was asked for.
    var isViolation = false
    var askedSeconds: Double?
  }

  private func judge(_ failure: RequestFailure, _ address: String) -> Judgement {
    switch failure {
    case .connection(let text):
      let fault = Fault(
        .remoteUnavailable, "The connection failed: \(text)", at: address, remedy: "Check the network and the address")
      return Judgement(fault: fault, isFinal: false)
    case .violation(let text):
      let fault = Fault(
        .remoteUnavailable, text, at: address, remedy: "Check what the server has there, and any proxy between")
      return Judgement(fault: fault, isFinal: false, isViolation: true)
    case .status(let head, let body):
      let refusal = origin.refusal(head, body: body)
      let fault = Fault(refusal.code, refusal.what, at: address, remedy: refusal.remedy)
      return Judgement(fault: fault, isFinal: !refusal.isTransient, askedSeconds: head.retryAfterSeconds)
    case .changed:
      let fault = Fault(
        .badData, "The object was replaced while it was read", at: address,
        remedy: "Leave a set alone while it is read; start again to read the new one")
      return Judgement(fault: fault, isFinal: false, isViolation: true)
    case .final(var fault):
      fault.place = fault.place.map { $0 == address ? $0 : "\(address): \($0)" } ?? address
      return Judgement(fault: fault, isFinal: true)
    case .stopped:
      return Judgement(fault: Fault(.remoteUnavailable, "Reading was stopped", at: address), isFinal: true)
    }
  }

  /// Waits, but not on after `stop` is raised.
  private func pause(_ seconds: Double, _ stop: StopFlag?) throws {
    let end = monotonicSeconds() + seconds
    while stop?.isRaised != true {
      let rest = end - monotonicSeconds()
      if rest <= 0 { return }
      usleep(UInt32(min(rest, 0.1) * 1e6) + 1)
    }
    throw Fault(.remoteUnavailable, "Reading was stopped", at: origin.location)
  }
}
