import DurableFiles
import Foundation
import Testing

@testable import RemoteStorage

/// The server of `Fixtures/fault_server.py`, with a folder of files to serve.
final class FaultServer: Sendable {
  struct Request: Decodable {
    var name: String
    var range: String?
    var ifMatch: String?
    var ifUnmodifiedSince: String?
    var connection: Int
    var sent: Int
    var authorization: String?
  }

  /// One for all tests; it ends with the process.
  static let shared: FaultServer? = FaultServer()
  static let isAvailable = ServerProcess.succeeds(["python3", "-c", "import ssl, http.server"])

  let files: TemporaryFolder
  private let server: ServerProcess
  private let scheme: String

  init?(certificate: (file: String, key: String)? = nil) {
    files = TemporaryFolder()
    scheme = certificate == nil ? "http" : "https"
    let arguments = [files.path] + (certificate.map { [$0.file, $0.key] } ?? [])
    guard let server = ServerProcess("python3", "fault_server.py", arguments) else { return nil }
    self.server = server
  }

  var port: Int { Int(server.greeting) ?? 0 }

  /// Puts a file of random bytes on the server; the same for the same name.
  func put(_ name: String, _ count: Int) -> [UInt8] {
    let bytes = FaultServer.bytes(name, count)
    // Tests that run side by side may read the file already.
    try! Data(bytes).write(to: URL(fileURLWithPath: "\(files.path)/\(name)"), options: .atomic)
    return bytes
  }

  static func bytes(_ name: String, _ count: Int) -> [UInt8] {
    var state = XXH3.hash(name) | 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }

  func location(_ options: String) -> String { "\(scheme)://127.0.0.1:\(port)/\(options)" }

  /// The requests whose options had `key=KEY`.
  func requests(_ key: String) throws -> [Request] {
    let storage = try ShardLocation.storage(for: location("log"), settings: .quick)
    return try JSONDecoder().decode([Request].self, from: Data(storage.contents(of: key, limit: 1 << 20)))
  }

  func folder(_ options: String, _ settings: RemoteSettings = .quick) throws -> RemoteFolder {
    try ShardLocation.storage(for: location(options), settings: settings) as! RemoteFolder
  }

  func cached(_ options: String, _ cache: CacheSettings, _ settings: RemoteSettings = .quick) throws -> CachedStorage {
    try ShardLocation.storage(for: location(options), cache: cache, settings: settings) as! CachedStorage
  }
}

extension RemoteSettings {
  /// Gives up soon; knows nothing of the machine's environment.
  static var quick: RemoteSettings {
    var settings = RemoteSettings(environment: [:])
    settings.retry.firstSeconds = 0.01
    settings.retry.longestSeconds = 0.05
    settings.retry.longestAskedSeconds = 0.1
    settings.retry.tryCount = 4
    settings.http.connectSeconds = 5
    settings.http.slowSeconds = 1
    settings.http.totalSeconds = 20
    return settings
  }
}

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("remote-\(UUID().uuidString)").path

  init() { try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }
}
