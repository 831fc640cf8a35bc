import Glibc

/// AWS Signature Version 4 of a GET request: an HMAC chain over the method, the path, the headers and the hash of an
/// empty body. Path and query must be encoded already, each byte once.
struct AWSSigner: Sendable {
  var credentials: AWSCredentials
  var region: String
  var service = "s3"

  /// SHA-256 of nothing.
  static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  /// Adds the date, the hash of the body, the session token and the Authorization header. Every header that the
  /// request has by then is signed.
  /// - Parameter time: seconds since 1970.
  func sign(_ request: inout HTTPRequest, at time: Int) {
    let stamp = AWSSigner.stamp(time)
    request.headers.append(("x-amz-content-sha256", AWSSigner.emptyHash))
    request.headers.append(("x-amz-date", stamp))
    if let token = credentials.sessionToken { request.headers.append(("x-amz-security-token", token)) }
    let signed = (request.headers + [("Host", request.url.authority)])
      .map { (name: $0.name.lowercased(), value: AWSSigner.trimmed($0.value)) }.sorted { $0.name < $1.name }
    let names = signed.map(\.name).joined(separator: ";")
    let canonical =
      (["GET", request.url.path, AWSSigner.canonical(request.url.query)] + signed.map { "\($0.name):\($0.value)" }
      + ["", names, AWSSigner.emptyHash]).joined(separator: "\n")
    let day = String(stamp.prefix(8))
    let scope = "\(day)/\(region)/\(service)/aws4_request"
    let hash = Digest.hexadecimal(Digest.sha256(Array(canonical.utf8)))
    let text = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(hash)"
    var key = Array("AWS4\(credentials.secretKey)".utf8)
    for part in [day, region, service, "aws4_request"] { key = Digest.hmac(key: key, part) }
    let signature = Digest.hexadecimal(Digest.hmac(key: key, text))
    request.headers.append(
      (
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
      ))
  }

  /// The parameters of a query in order, each with an equals sign.
  private static func canonical(_ query: String?) -> String {
    (query ?? "").split(separator: "&").map { $0.contains("=") ? String($0) : "\($0)=" }.sorted().joined(separator: "&")
  }

  /// Without blanks at the ends, and with one for each run of them.
  private static func trimmed(_ value: String) -> String {
    value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
  }

  /// `20130524T000000Z`
  static func stamp(_ time: Int) -> String {
    var seconds = time_t(time)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
