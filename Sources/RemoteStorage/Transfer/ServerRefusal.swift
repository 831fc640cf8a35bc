import Faults

/// Why a server did not send an object.
struct ServerRefusal: Sendable, Equatable {
  var code: ExitCode
  /// One sentence without a full stop.
  var what: String
  var remedy: String?
  /// Whether a later try may succeed.
  var isTransient = false

  /// What the status alone says.
  init(status: Int) {
    switch status {
    case 404, 410:
      code = .inputMissing
      what = "The server has no such file (\(status))"
      remedy = "Check the address"
    case 401, 403, 407:
      code = .permission
      what = "The server does not allow reading it (\(status))"
    case 429, 503:
      code = .remoteUnavailable
      what = "The server is too busy (\(status))"
    case 300..<400:
      code = .remoteUnavailable
      what = "The server redirects, without saying where (\(status))"
    default:
      code = .remoteUnavailable
      what = "The server answers with status \(status)"
    }
    isTransient = RetryPolicy.transientStatuses.contains(status)
  }
}
