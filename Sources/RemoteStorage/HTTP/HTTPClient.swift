import Faults
import Synchronization

/// Sends requests from any thread, each on a handle of its own, and keeps connections for the next request.
///
/// A request blocks the thread that asks: call it from a thread of your own, never from a Swift task.
final class HTTPClient: Sendable {
  let settings: HTTPSettings
  let network: NetworkStatistics
  /// Handles that nobody uses, the most recently used last: its connection is the likeliest to be open still.
  private let idle = Mutex<[CurlHandle]>([])
  private static let idleLimit = 64
  private static let redirectLimit = 5

  init(settings: HTTPSettings, network: NetworkStatistics) {
    self.settings = settings
    self.network = network
  }

  /// One try. Gives a response of status 200 or 206 to `sink`; every other status is `RequestFailure.status`.
  ///
  /// - Parameter followsRedirects: to https, or where the request was plain to plain http; never from https to http.
  func get(_ request: HTTPRequest, into sink: any ResponseSink, followsRedirects: Bool, stop: StopFlag?) throws {
    let handle = try idle.withLock { $0.popLast() } ?? CurlHandle()
    defer {
      idle.withLock { if $0.count < HTTPClient.idleLimit { $0.append(handle) } }
    }
    let counting = CountingSink(sink, network)
    network.begin()
    defer { network.end() }
    var request = request
    for _ in 0...HTTPClient.redirectLimit {
      let (head, body, redirect) = try handle.get(request, settings: settings, sink: counting, stop: stop)
      if head.status == 200 || head.status == 206 { return }
      guard followsRedirects, [301, 302, 303, 307, 308].contains(head.status), let redirect else {
        throw RequestFailure.status(head, body: body)
      }
      request.url = try target(redirect, from: request.url)
    }
    throw RequestFailure.final(
      Fault(.remoteUnavailable, "More than \(HTTPClient.redirectLimit) redirections", at: request.url.shown))
  }

  private func target(_ text: String, from url: RemoteURL) throws -> RemoteURL {
    do {
      let target = try RemoteURL(text)
      guard target.isEncrypted || !url.isEncrypted else {
        throw Fault(.remoteUnavailable, "The server redirects from https to plain http", at: target.shown)
      }
      try settings.check(target)
      return target
    } catch var fault as Fault {
      if fault.code == .usage { fault.what = "The server redirects where it must not: \(fault.what)" }
      fault.code = .remoteUnavailable
      throw RequestFailure.final(fault)
    }
  }
}

/// Counts the bytes that pass.
private final class CountingSink: ResponseSink {
  private let sink: any ResponseSink
  private let network: NetworkStatistics

  init(_ sink: any ResponseSink, _ network: NetworkStatistics) {
    self.sink = sink
    self.network = network
  }

  func begin(_ head: HTTPHead) throws { try sink.begin(head) }

  func receive(_ bytes: UnsafeRawBufferPointer) throws {
    network.received(bytes.count)
    try sink.receive(bytes)
  }

  func finish() throws { try sink.finish() }
}
