import Foundation

/// How to reach remote sets. The environment says most of it.
public struct RemoteSettings: Sendable {
  public var http: HTTPSettings
  public var retry = RetryPolicy()
  /// Told of every request, and of every read of a local file, that is tried again, in one line.
  public var notice: (@Sendable (String) -> Void)?
  /// The variables that the settings of AWS are read from.
  var environment: [String: String]

  /// Reads the variables listed in docs/storage.md.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.environment = environment
    http = HTTPSettings(environment: environment)
  }

  /// An endpoint of S3 that takes the place of the environment's.
  public mutating func useS3Endpoint(_ url: String) { environment["AWS_ENDPOINT_URL_S3"] = url }
}
