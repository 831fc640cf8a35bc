import Faults

/// Files below a URL.
struct HTTPOrigin: RemoteOrigin {
  let location: String
  private let prefix: RemoteURL

  /// `Fault(.usage)` if the URL cannot be a prefix, or is one that `settings` do not allow.
  init(_ location: String, settings: HTTPSettings) throws {
    let url = try RemoteURL(location)
    guard url.query == nil else {
      throw Fault(
        .usage, "The URL carries a query (?): names of shards cannot be added to it", at: url.shown,
        remedy: "Give the URL of the folder")
    }
    try settings.check(url)
    self.location = location
    prefix = url
  }

  var followsRedirects: Bool { true }

  func url(of name: String) -> RemoteURL { prefix.appending(name) }

  func address(of name: String) -> String { url(of: name).shown }

  func authorize(_ request: inout HTTPRequest) {}

  func refusal(_ head: HTTPHead, body: [UInt8]) -> ServerRefusal { ServerRefusal(status: head.status) }
}
