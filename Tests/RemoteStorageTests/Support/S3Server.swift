import Foundation

@testable import RemoteStorage

/// moto, started by `Fixtures/s3_server.py`: a bucket "shards" of the region eu-west-1 with two files under "train/v 2".
struct S3Server: Sendable {
  private struct Greeting: Decodable, Sendable {
    var port: Int
    var accessKey: String
    var secretKey: String
    var otherAccessKey: String
    var otherSecretKey: String
  }

  private let greeting: Greeting
  private let process: ServerProcess
  private let files: TemporaryFolder
  let bytes: [UInt8]

  /// The interpreter that has moto: what scripts/test-servers found or made, else python3 itself.
  static let python: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
    let path = root.appendingPathComponent(".build/test-servers/python.path").standardizedFileURL
    let text = try? String(contentsOf: path, encoding: .utf8)
    let found = text?.trimmingCharacters(in: .whitespacesAndNewlines)
    return [found ?? "python3", "python3"].first { ServerProcess.succeeds([$0, "-c", "import moto.server, boto3"]) }
  }()

  /// - Parameter isOpen: whether the server lets everybody read, signed or not.
  init?(isOpen: Bool = false) {
    guard let python = S3Server.python else { return nil }
    let files = TemporaryFolder()
    bytes = FaultServer.bytes("s3", 300_000)
    try? Data(bytes).write(to: URL(fileURLWithPath: "\(files.path)/shard-00000.sgmn"))
    try? Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(files.path)/a b.bin"))
    let arguments = [files.path, "shards", "train/v 2", isOpen ? "open" : "closed"]
    guard let process = ServerProcess(python, "s3_server.py", arguments),
      let greeting = try? JSONDecoder().decode(Greeting.self, from: Data(process.greeting.utf8))
    else { return nil }
    self.files = files
    self.process = process
    self.greeting = greeting
  }

  /// What a user of the server has in the environment.
  enum User { case reader, stranger, forger, unknown, nobody }

  func environment(_ user: User) -> [String: String] {
    var variables = ["AWS_ENDPOINT_URL": "http://127.0.0.1:\(greeting.port)", "AWS_REGION": "eu-west-1"]
    switch user {
    case .reader:
      (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]) = (greeting.accessKey, greeting.secretKey)
    case .stranger:
      variables["AWS_ACCESS_KEY_ID"] = greeting.otherAccessKey
      variables["AWS_SECRET_ACCESS_KEY"] = greeting.otherSecretKey
    case .forger:
      variables["AWS_ACCESS_KEY_ID"] = greeting.accessKey
      variables["AWS_SECRET_ACCESS_KEY"] = "not-the-secret-of-the-reader"
    case .unknown:
      (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]) = ("AKIAUNKNOWN", "some-secret-or-other")
    case .nobody: break
    }
    return variables
  }

  func settings(_ user: User) -> RemoteSettings {
    var settings = RemoteSettings(environment: environment(user))
    settings.retry = RemoteSettings.quick.retry
    settings.http = RemoteSettings.quick.http
    return settings
  }
}
