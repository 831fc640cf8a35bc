import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// A run whose shards lie in an object store is the run whose shards lie in a folder.
  @Suite(.enabled(if: ObjectStore.isThere, "scripts/test-servers prepares the object store"))
  struct RemoteTests {
    private func trains(_ name: String, _ settings: String...) throws -> RunFolder {
      let store = try #require(try ObjectStore(World.shared().trainShards))
      let run = try RunFolder(name)
      var command = try run.train(shards: "s3://shards/train")
      command.arguments += settings.flatMap { ["--set", $0] }
      command.variables = store.variables
      let result = try command.run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.survivors.isEmpty)
      #expect(try run.losses() == World.unbroken().run.losses())
      return run
    }

    @Test func partsOfShardsAreReadFromAnObjectStore() throws { _ = try trains("s3") }

    @Test func wholeShardsAreKeptInACacheThatTwoRanksShare() throws {
      let cache = try World.shared().folder + "/cache-\(UUID().uuidString)"
      _ = try trains("s3-cached", "data.cache.folder='\(cache)'", "data.cache.bytes=100000000")
      let names = try FileManager.default.subpathsOfDirectory(atPath: cache)
      #expect(names.contains { $0.hasSuffix(".sgmn") || $0.contains("shard-00000") }, "\(names)")
    }

    @Test func aCacheThatIsTooSmallIsRefusedWithTheLeastThatWouldDo() throws {
      let store = try #require(try ObjectStore(World.shared().trainShards))
      let run = try RunFolder("s3-small-cache")
      var command = try run.train(
        shards: "s3://shards/train", "data.cache.folder='\(run.path)/cache'", "data.cache.bytes=1000")
      command.variables = store.variables
      let result = try command.run()
      #expect(result.status == 78, "\(result.text)")
      #expect(result.lineCount("1000 bytes") == 1, "\(result.text)")
    }

    @Test func anEvaluationReadsFromAnObjectStore() throws {
      let (run, world) = (try World.unbroken().run, try World.shared())
      let store = try #require(try ObjectStore(world.testShards))
      var results: [String] = []
      for shards in [world.testShards, "s3://shards/train"] {
        var command = Command("sgmn-eval", ["--checkpoint", run.path, "--shards", shards], ranks: 2)
        command.variables = store.variables
        let result = try command.run()
        #expect(result.status == 0, "\(result.text)")
        results.append(
          result.standardOutput.split(separator: "\n").filter { !$0.contains("/") }.joined(separator: "\n"))
      }
      #expect(!results[0].isEmpty && results[0] == results[1])
    }
  }
}

/// moto, an emulator of S3 that lets everybody read, with a folder's files as `s3://shards/train`.
private final class ObjectStore {
  private let process = Process()
  private let input = Pipe()
  let variables: [String: String]

  private static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardizedFileURL

  /// The interpreter that scripts/test-servers found or made.
  private static let python =
    (try? String(contentsOf: root.appendingPathComponent(".build/test-servers/python.path"), encoding: .utf8))?
    .trimmingCharacters(in: .whitespacesAndNewlines)

  static var isThere: Bool { python != nil }

  init?(_ folder: String) throws {
    guard let python = ObjectStore.python else { return nil }
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let script = ObjectStore.root.appendingPathComponent("Tests/RemoteStorageTests/Fixtures/s3_server.py").path
    process.arguments = [python, script, folder, "shards", "train", "closed"]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var line = Data()
    while line.last != 10 {
      let byte = output.fileHandleForReading.readData(ofLength: 1)
      if byte.isEmpty { return nil }
      line += byte
    }
    let greeting = try JSONSerialization.jsonObject(with: line) as? [String: Any] ?? [:]
    guard let port = greeting["port"] as? Int, let key = greeting["accessKey"] as? String,
      let secret = greeting["secretKey"] as? String
    else { return nil }
    variables = [
      "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": key,
      "AWS_SECRET_ACCESS_KEY": secret,
    ]
  }

  /// It ends when its standard input closes.
  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
