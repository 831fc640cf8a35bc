import Faults
import ShardFormat
import Testing

@testable import RemoteStorage

@Suite struct ShardLocationTests {
  private let settings = RemoteSettings(environment: [:])

  @Test func aPathIsAFolder() throws {
    for path in ["shards", "/data/shards", "./a:b", "relative/s3:/x", "1://x"] {
      #expect(!ShardLocation.isRemote(path))
      let storage = try ShardLocation.storage(for: path, settings: settings)
      #expect(storage is LocalFolder && storage.location == path)
    }
  }

  @Test func anAddressIsRemote() throws {
    for text in ["https://host/path", "s3://bucket/prefix", "S3://bucket", "http://localhost/x"] {
      #expect(ShardLocation.isRemote(text))
      let storage = try ShardLocation.storage(for: text, settings: settings)
      #expect(storage is RemoteFolder && storage.location == text)
    }
    let folder = TemporaryFolder()
    let cache = CacheSettings(folder: "\(folder.path)/new/cache", byteLimit: 1_000)
    #expect(try ShardLocation.storage(for: "s3://bucket/x", cache: cache, settings: settings) is CachedStorage)
    #expect(folder.names == ["new"])
    #expect(try ShardLocation.storage(for: folder.path, cache: cache, settings: settings) is LocalFolder)
  }

  @Test(
    arguments: [
      ("", "empty"), ("gs://bucket/x", "Shards cannot be read from gs://"), ("file:///x", "from file://"),
      ("ftp://h/x", "from ftp://"), ("https://host/x?y=1", "query"), ("https://u:p@host/x", "password"),
      ("http://192.0.2.1/x", "Plain http"), ("s3://", "bucket"),
    ])
  func anythingElseIsRefused(text: String, what: String) {
    let fault = fault { _ = try ShardLocation.storage(for: text, settings: settings) }
    #expect(fault.code == .usage && fault.what.contains(what), "\(fault)")
  }

  @Test func plainHTTPIsForTheTrusting() throws {
    let trusting = RemoteSettings(environment: ["SGMN_ALLOW_PLAIN_HTTP": "1"])
    #expect(try ShardLocation.storage(for: "http://192.0.2.1/x", settings: trusting) is RemoteFolder)
  }

  @Test func theEnvironmentNamesTheAuthorities() {
    let settings = HTTPSettings(environment: ["SSL_CERT_FILE": "/b", "CURL_CA_BUNDLE": "/a", "SSL_CERT_DIR": "/c"])
    #expect(settings.certificateFile == "/a" && settings.certificateFolder == "/c" && !settings.allowsPlainHTTP)
  }
}
