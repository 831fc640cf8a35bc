import CCurl
import Faults

/// An `http` or `https` URL in its parts, as libcurl understands it: what is checked here is what is asked later.
struct RemoteURL: Sendable, Equatable {
  var scheme: String
  /// Without the brackets of an IPv6 address; lower case.
  var host: String
  /// Nil for the scheme's own.
  var port: Int?
  /// Percent-encoded, with a leading slash.
  var path: String
  /// Percent-encoded, without the question mark.
  var query: String?

  /// `Fault(.usage)` if `text` is no such URL, or carries a name or a password, which would end in logs.
  init(_ text: String) throws {
    func refused(_ what: String, _ remedy: String? = nil) -> Fault {
      Fault(.usage, what, at: RemoteURL.shown(text), remedy: remedy ?? "Give https://HOST/PATH")
    }
    guard !text.utf8.contains(0), let handle = curl_url() else { throw refused("Not a URL") }
    defer { curl_url_cleanup(handle) }
    guard curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK else { throw refused("Not a URL") }
    func part(_ what: CURLUPart) -> String? {
      var value: UnsafeMutablePointer<CChar>?
      guard curl_url_get(handle, what, &value, 0) == CURLUE_OK, let value else { return nil }
      defer { curl_free(value) }
      return String(cString: value)
    }
    guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), scheme == "https" || scheme == "http" else {
      throw refused("Not an http or https URL")
    }
    guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil else {
      throw refused("The URL carries a user name or a password", "Leave them out: URLs are written to logs")
    }
    guard part(CURLUPART_FRAGMENT) == nil else { throw refused("The URL carries a fragment (#)") }
    guard let host = part(CURLUPART_HOST)?.lowercased(), !host.isEmpty else { throw refused("The URL has no host") }
    self.scheme = scheme
    self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    port = part(CURLUPART_PORT).flatMap { Int($0) }
    if port == (scheme == "https" ? 443 : 80) { port = nil }
    path = part(CURLUPART_PATH) ?? "/"
    query = part(CURLUPART_QUERY)
  }

  /// `HOST` or `HOST:PORT`, as the Host header has it.
  var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port.map { "\(name):\($0)" } ?? name
  }

  /// The whole URL.
  var text: String { "\(scheme)://\(authority)\(path)" + (query.map { "?\($0)" } ?? "") }

  /// For messages: without the query, which in a redirection may be a signature.
  var shown: String { "\(scheme)://\(authority)\(path)" }

  var isEncrypted: Bool { scheme == "https" }

  /// Whether the host is this machine, whatever the network does.
  var isLoopback: Bool {
    let bytes = host.split(separator: ".", omittingEmptySubsequences: false)
    return host == "localhost" || host == "::1"
      || (bytes.count == 4 && bytes[0] == "127" && bytes.allSatisfy { UInt8($0) != nil })
  }

  /// The URL one level below, at a name that is not encoded yet.
  func appending(_ name: String) -> RemoteURL {
    var url = self
    url.path = (path.hasSuffix("/") ? path : path + "/") + PercentEncoding.encode(name)
    return url
  }

  /// `text` as a message may show it: without what may be a password or a signature.
  static func shown(_ text: String) -> String {
    var shown = String(text.prefix { $0 != "?" && $0 != "#" }.prefix(300))
    if let start = shown.range(of: "://")?.upperBound {
      let end = shown[start...].firstIndex(of: "/") ?? shown.endIndex
      if let at = shown[start..<end].lastIndex(of: "@") { shown.removeSubrange(start...at) }
    }
    return shown
  }
}
