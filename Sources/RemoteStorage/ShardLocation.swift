import Faults
import ShardFormat

/// Where a set is, as a user writes it: a folder, `https://HOST/PATH`, or `s3://BUCKET/PREFIX`.
public enum ShardLocation {
  /// Whether reading goes over the network by this module.
  public static func isRemote(_ location: String) -> Bool {
    guard let scheme = scheme(of: location) else { return false }
    return ["http", "https", "s3"].contains(scheme)
  }

  /// The storage to read a set from. Nothing is asked of a server yet.
  ///
  /// - Parameter cache: keeps whole shards of a remote set on this machine; a folder is read as it is.
  ///
  /// `Fault(.usage)` for a location of another kind, `(.configuration)` for settings that are wrong.
  public static func storage(
    for location: String, cache: CacheSettings? = nil, settings: RemoteSettings = RemoteSettings()
  ) throws -> any ShardStorage {
    guard let scheme = scheme(of: location) else {
      guard !location.isEmpty else { throw Fault(.usage, "The location of the shards is empty") }
      return LocalFolder(location, notice: settings.notice)
    }
    let remote = RemoteFolder(try objects(scheme, location, settings))
    guard let cache else { return remote }
    return try CachedStorage(remote, settings: cache)
  }

  private static func objects(
    _ scheme: String, _ location: String, _ settings: RemoteSettings
  ) throws -> RemoteObjects {
    var http = settings.http
    let origin: any RemoteOrigin
    switch scheme {
    case "http", "https":
      origin = try HTTPOrigin(location, settings: http)
    case "s3":
      if let file = settings.environment["AWS_CA_BUNDLE"], !file.isEmpty { http.certificateFile = file }
      origin = try S3Origin(location, settings: http) { try AWSSettings(environment: settings.environment) }
    default:
      throw Fault(
        .usage, "Shards cannot be read from \(scheme)://", at: RemoteURL.shown(location),
        remedy: "Give a folder, https://HOST/PATH or s3://BUCKET/PREFIX")
    }
    let client = HTTPClient(settings: http, network: NetworkStatistics())
    return RemoteObjects(origin, http: client, retry: settings.retry, notice: settings.notice)
  }

  /// The scheme of a URL in lower case; nil for a path.
  private static func scheme(of location: String) -> String? {
    guard let end = location.firstRange(of: "://")?.lowerBound, let first = location.utf8.first else { return nil }
    let scheme = location[..<end].lowercased()
    guard (UInt8(ascii: "A")...UInt8(ascii: "z")).contains(first),
      scheme.utf8.allSatisfy({ byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"),
          UInt8(ascii: "-"), UInt8(ascii: "."):
          true
        default: false
        }
      })
    else { return nil }
    return scheme
  }
}
