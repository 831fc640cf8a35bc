import Faults
import Glibc
import Synchronization

/// Objects of a bucket whose keys begin with a prefix.
final class S3Origin: RemoteOrigin {
  let location: String
  private let place: S3Location
  /// Where the bucket is: the URL of the empty key.
  private let base: RemoteURL
  private let region: String
  private let source: String
  private let credentials: Mutex<AWSCredentials?>
  /// Clock of the last time that the credentials were found to be renewed.
  private let renewal = Mutex(-Double.infinity)
  private static let renewalSeconds = 60.0
  private let reload: @Sendable () throws -> AWSSettings

  /// - Parameter reload: reads the settings; again when the credentials have expired, as a file of them may be renewed.
  init(_ location: String, settings: HTTPSettings, reload: @escaping @Sendable () throws -> AWSSettings) throws {
    let place = try S3Location(location)
    let aws = try reload()
    self.location = location
    self.place = place
    self.reload = reload
    region = aws.region
    source = aws.source
    credentials = Mutex(aws.credentials)
    if let endpoint = aws.endpoint {
      var url = try RemoteURL(endpoint)
      guard url.query == nil else { throw Fault(.configuration, "The endpoint of S3 carries a query", at: url.shown) }
      try settings.check(url)
      url.path = (url.path.hasSuffix("/") ? url.path : url.path + "/") + place.bucket + "/"
      base = url
    } else {
      let host = "s3.\(aws.region).amazonaws.com" + (aws.region.hasPrefix("cn-") ? ".cn" : "")
      base = try RemoteURL(
        place.fitsHostName ? "https://\(place.bucket).\(host)/" : "https://\(host)/\(place.bucket)/")
    }
  }

  /// S3 redirects to other regions, where this signature is worth nothing and a session token has no business.
  var followsRedirects: Bool { false }

  func address(of name: String) -> String { "s3://\(place.bucket)/\(place.key(of: name))" }

  func url(of name: String) -> RemoteURL {
    var url = base
    url.path += PercentEncoding.encode(place.key(of: name), keepingSlashes: true)
    return url
  }

  func authorize(_ request: inout HTTPRequest) {
    guard let credentials = credentials.withLock({ $0 }) else { return }
    AWSSigner(credentials: credentials, region: region).sign(&request, at: time(nil))
  }

  func refusal(_ head: HTTPHead, body: [UInt8]) -> ServerRefusal {
    var refusal = ServerRefusal(status: head.status)
    let error = S3ErrorBody(body)
    let words = [error.code, error.message].compactMap { $0 }.joined(separator: ": ")
    if !words.isEmpty { refusal.what += ", \(withoutSecrets(words))" }
    switch (head.status, error.code) {
    case (404, "NoSuchBucket"):
      refusal.remedy = "Check the name of the bucket and the endpoint (\(base.scheme)://\(base.authority))"
    case (400, "RequestTimeout"):
      refusal.isTransient = true
    case (_, "ExpiredToken"):
      refusal.code = .permission
      refusal.remedy = "Renew the credentials of \(source)"
      refusal.isTransient = hasNewCredentials()
    case (_, "RequestTimeTooSkewed"):
      refusal.code = .permission
      refusal.remedy = "Set the clock of this machine"
    case (301, _), (307, _), (400, "AuthorizationHeaderMalformed"), (400, "IllegalLocationConstraintException"):
      refusal.code = .configuration
      let right = head["x-amz-bucket-region"] ?? error.region
      refusal.what = "The bucket is not in the region \(region)" + (words.isEmpty ? "" : ", \(withoutSecrets(words))")
      refusal.remedy = right.map { "Set AWS_REGION=\($0.prefix(40))" } ?? "Set AWS_REGION to the region of the bucket"
      refusal.isTransient = false
    case (401, _), (403, _):
      refusal.code = .permission
      refusal.remedy =
        credentials.withLock({ $0 == nil })
        ? "No credentials were found, and without them this is not readable (or not there): set AWS_ACCESS_KEY_ID and "
          + "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        : "Check that the credentials of \(source) may read it; without the right to list, S3 answers so for missing "
          + "objects too"
    default: break
    }
    return refusal
  }

  /// Reads the credentials again. Whether they are others than before, or were a moment ago: another thread may have
  /// renewed them while this one's request was under way.
  private func hasNewCredentials() -> Bool {
    guard let fresh = try? reload().credentials else { return false }
    return renewal.withLock { renewal in
      let isNew = credentials.withLock { known in
        defer { known = fresh }
        return known != fresh
      }
      if isNew { renewal = monotonicSeconds() }
      return monotonicSeconds() - renewal < S3Origin.renewalSeconds
    }
  }

  private func withoutSecrets(_ text: String) -> String {
    guard let known = credentials.withLock({ $0 }) else { return text }
    var text = text.replacing(known.secretKey, with: "***")
    if let token = known.sessionToken { text = text.replacing(token, with: "***") }
    return text
  }
}
