import Faults

/// Why one try of a request failed.
enum RequestFailure: Error {
  /// Connecting, a connection that broke, a body that was too slow: worth another try.
  case connection(String)
  /// The server answered with something other than the object.
  case status(HTTPHead, body: [UInt8])
  /// The response is not what was asked for: worth another try.
  case violation(String)
  /// The object is another than before.
  case changed
  /// Nothing that another try could mend.
  case final(Fault)
  /// The transfer was told to stop.
  case stopped
}

extension RequestFailure {
  /// A condition that does not hold any more (412) and a range beyond the end (416) mean that the object was replaced.
  var asServersMeanIt: RequestFailure {
    if case .status(let head, _) = self, head.status == 412 || head.status == 416 { return .changed }
    return self
  }
}
