/// What a storage has taken from the network so far.
public struct NetworkUsage: Sendable, Equatable {
  /// Bytes of objects that arrived, those of tries that failed later among them.
  public var byteCount = 0
  /// Seconds during which at least one request was under way.
  public var busySeconds = 0.0
  /// Seconds of all requests together; more than `busySeconds` where several threads ask at a time.
  public var requestSeconds = 0.0
  public var requestCount = 0
  /// Requests that were tried again.
  public var retryCount = 0

  public init() {}

  /// Bytes a second while the network was busy; 0 before the first request.
  public var bytesPerSecond: Double { busySeconds > 0 ? Double(byteCount) / busySeconds : 0 }

  /// What happened since `earlier`.
  public func since(_ earlier: NetworkUsage) -> NetworkUsage {
    var usage = self
    usage.byteCount -= earlier.byteCount
    usage.busySeconds -= earlier.busySeconds
    usage.requestSeconds -= earlier.requestSeconds
    usage.requestCount -= earlier.requestCount
    usage.retryCount -= earlier.retryCount
    return usage
  }
}
