import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// Whatever a run is given that is secret, nothing that it says or writes holds it.
  @Suite struct SecretTests {
    private static let secrets = [
      "AWS_ACCESS_KEY_ID": "AKIACANARY7Q2W", "AWS_SECRET_ACCESS_KEY": "canary/secret+key", "HF_TOKEN": "hf_canary",
      "AWS_SESSION_TOKEN": "canary-session-token", "GITHUB_TOKEN": "ghp_canary", "WANDB_API_KEY": "canary-wandb",
    ]
    private static let password = "canary-password"
    private static let signature = "canary-signature"

    /// Runs `command` with all secrets in its environment; none may be in its output, or below `folder`.
    private func expectNoSecret(
      of command: Command, _ code: Int32, in folder: String, at location: SourceLocation = #_sourceLocation
    ) throws {
      var command = command
      command.variables.merge(SecretTests.secrets) { own, _ in own }
      let result = try command.run()
      #expect(result.status == code, "\(result.text)", sourceLocation: location)
      var texts = [("its output", Data(result.text.utf8))]
      for file in FileManager.default.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? [] {
        texts.append((file, FileManager.default.contents(atPath: "\(folder)/\(file)") ?? Data()))
      }
      for secret in SecretTests.secrets.values + [SecretTests.password, SecretTests.signature] {
        for (name, text) in texts where text.range(of: Data(secret.utf8)) != nil {
          Issue.record("\(secret) is in \(name)", sourceLocation: location)
        }
      }
    }

    private func train(_ run: RunFolder, _ shards: String, _ server: Server? = nil) throws -> Command {
      var command = try run.train(shards: shards)
      command.variables = server?.variables ?? [:]
      return command
    }

    @Test func aRunFromAnObjectStore() throws {
      let server = try Server(World.shared().copyOfTrainShards())
      let run = try RunFolder("secret-s3")
      var command = try train(run, "s3://shards/train", server)
      command.arguments += ["--profile", "--eval-shards", "s3://shards/train"]
      try expectNoSecret(of: command, 0, in: run.path)
      #expect(try run.losses() == World.unbroken().run.losses() || run.metricsLineCount > World.stepCount)
      var evaluation = Command("sgmn-eval", ["--checkpoint", run.path, "--shards", "s3://shards/train"], ranks: 2)
      evaluation.variables = server.variables
      try expectNoSecret(of: evaluation, 0, in: run.path)
    }

    @Test func serversThatRefuseOrRedirect() throws {
      let server = try Server(
        code: """
          import http.server, os, sys, threading
          class Handler(http.server.BaseHTTPRequestHandler):
              def log_message(self, *_): pass
              def do_GET(self):
                  self.send_response(302 if "redirect" in self.path else 403)
                  self.send_header("Location", "http://name:\(SecretTests.password)@127.0.0.1:1/x?s=\(SecretTests.signature)")
                  self.send_header("Content-Length", "0")
                  self.end_headers()
          server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
          threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
          print(server.server_address[1], flush=True)
          server.serve_forever()
          """)
      let run = try RunFolder("secret-refused")
      try expectNoSecret(of: train(run, "\(server.address)/redirect"), 69, in: run.path)
      try expectNoSecret(of: train(run, "\(server.address)/refuse"), 77, in: run.path)
    }

    @Test(arguments: [
      "https://name:canary-password@127.0.0.1:1/shards", "http://127.0.0.1:1/shards?X-Amz-Signature=canary-signature",
      "s3://name:canary-password@shards/train", "ftp://name:canary-password@host/x?sig=canary-signature",
    ])
    func addressesThatCarryThem(_ address: String) throws {
      let run = try RunFolder("secret-address")
      try expectNoSecret(of: train(run, address), 64, in: run.path)
      var evaluating = try run.train()
      evaluating.arguments += ["--eval-shards", address]
      try expectNoSecret(of: evaluating, 64, in: run.path)
      let config = "\(try World.shared().folder)/secret-\(UUID().uuidString).yaml"
      try "data:\n  train: '\(address)'\n  cache: ['\(address)']\n".write(
        toFile: config, atomically: true, encoding: .utf8)
      var configured = Command("sgmn-train", ["--out", run.path, "--config", config], ranks: 2)
      try expectNoSecret(of: configured, 78, in: run.path)
      configured.arguments = ["--out", run.path, "--set", "data.train=['\(address)']"]
      try expectNoSecret(of: configured, 78, in: run.path)
    }
  }
}

/// A server in Python that prints its port.
private final class Server {
  private let process = Process()
  private let input = Pipe()
  let address: String

  /// `Tests/RemoteStorageTests/Fixtures/fault_server.py` with a folder of files, which goes with it.
  convenience init(_ folder: String) throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../RemoteStorageTests/Fixtures/fault_server.py").standardizedFileURL.path
    try self.init(arguments: [script, folder])
  }

  convenience init(code: String) throws { try self.init(arguments: ["-c", code]) }

  private init(arguments: [String]) throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    var line = Data()
    while line.last != 10 {
      let byte = output.fileHandleForReading.readData(ofLength: 1)
      if byte.isEmpty { throw TrialFailure("the server does not start") }
      line += byte
    }
    address = "http://127.0.0.1:" + String(decoding: line.dropLast(), as: UTF8.self)
  }

  var variables: [String: String] { ["AWS_ENDPOINT_URL": address, "AWS_REGION": "eu-west-1"] }

  /// It ends when its standard input closes.
  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
