import Faults

/// How long to wait for servers, and whom to trust.
public struct HTTPSettings: Sendable {
  /// Seconds until a connection must stand.
  public var connectSeconds = 10.0
  /// A body that stays below `slowByteRate` bytes a second for this many seconds is given up, and the rest asked for
  /// again.
  public var slowSeconds = 20
  public var slowByteRate = 4 << 10
  /// A try may take this many seconds, and one more for every `slowByteRate` bytes that were asked for.
  public var totalSeconds = 120.0
  /// A file of certificates in PEM to trust instead of the system's; `CURL_CA_BUNDLE` or `SSL_CERT_FILE`.
  public var certificateFile: String?
  /// A folder of certificates instead of the system's; `SSL_CERT_DIR`.
  public var certificateFolder: String?
  /// Whether plain `http://` may go to other machines; to this machine itself it always may.
  /// `SGMN_ALLOW_PLAIN_HTTP=1`.
  public var allowsPlainHTTP = false

  public init() {}

  /// Reads the variables named above.
  public init(environment: [String: String]) {
    self.init()
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    certificateFile = value("CURL_CA_BUNDLE") ?? value("SSL_CERT_FILE")
    certificateFolder = value("SSL_CERT_DIR")
    allowsPlainHTTP = value("SGMN_ALLOW_PLAIN_HTTP") == "1"
  }

  /// `Fault(.usage)` if nobody must read from this URL.
  func check(_ url: RemoteURL) throws {
    guard url.isEncrypted || url.isLoopback || allowsPlainHTTP else {
      throw Fault(
        .usage, "Plain http to another machine can be read and changed on the way", at: url.shown,
        remedy: "Use https, or set SGMN_ALLOW_PLAIN_HTTP=1 if you trust the network")
    }
  }
}
