import Faults
import Foundation
import Testing

@testable import RemoteStorage

/// What S3 says when it does not send an object, said by a server that says anything.
@Suite(.enabled(if: FaultServer.isAvailable, "python3 is not here: no server to read from"), .timeLimit(.minutes(10)))
struct S3OriginTests {
  private let server = FaultServer.shared!
  private let folder = TemporaryFolder()

  private func write(key: String) throws {
    try "[default]\naws_access_key_id = \(key)\naws_secret_access_key = SECRETSECRET\naws_session_token = TOKENTOKEN\n"
      .write(toFile: "\(folder.path)/credentials", atomically: true, encoding: .utf8)
  }

  private func storage(_ options: String) throws -> RemoteFolder {
    var settings = RemoteSettings(environment: [
      "AWS_SHARED_CREDENTIALS_FILE": "\(folder.path)/credentials", "AWS_CONFIG_FILE": "/nonexistent",
      "AWS_ENDPOINT_URL": server.location(options),
    ])
    settings.retry = RemoteSettings.quick.retry
    settings.http = RemoteSettings.quick.http
    return try ShardLocation.storage(for: "s3://bucket/p", settings: settings) as! RemoteFolder
  }

  @Test func renewedCredentialsAreTaken() throws {
    try write(key: "OLDKEY")
    let bytes = server.put("renewed.bin", 1_000)
    let folder = try storage("status=400,error=ExpiredToken,times=1,key=renewed")
    try write(key: "NEWKEY")
    #expect(try folder.contents(of: "renewed.bin", limit: 1_000) == bytes)
    let keys = try server.requests("renewed").map { request in
      request.authorization.map { $0.contains("OLDKEY") ? "old" : $0.contains("NEWKEY") ? "new" : "other" }
    }
    #expect(keys == ["old", "new"])
  }

  @Test func expiredCredentialsThatNobodyRenewsAreTold() throws {
    try write(key: "OLDKEY")
    let folder = try storage("status=400,error=ExpiredToken,key=expired")
    let expired = fault { _ = try folder.contents(of: "any.bin", limit: 9) }
    #expect(expired.code == .permission && expired.remedy == "Renew the credentials of the profile 'default'")
    #expect(!expired.description.contains("SECRETSECRET") && !expired.description.contains("TOKENTOKEN"))
    #expect(try server.requests("expired").count == 1)
  }

  @Test func aBusyBucketIsAskedAgain() throws {
    try write(key: "KEY")
    let bytes = server.put("busy.bin", 1_000)
    #expect(try storage("status=503,error=SlowDown,times=3").contents(of: "busy.bin", limit: 1_000) == bytes)
    #expect(try storage("status=400,error=RequestTimeout,times=2").contents(of: "busy.bin", limit: 1_000) == bytes)
    let busy = fault { _ = try storage("status=503,error=SlowDown").contents(of: "busy.bin", limit: 1_000) }
    #expect(busy.code == .remoteUnavailable)
    #expect(busy.what == "The server is too busy (503), SlowDown: So it is, after 4 tries")
    #expect(busy.place == "s3://bucket/p/busy.bin")
  }

  @Test(
    arguments: [
      ("status=301,error=PermanentRedirect,region=eu-west-3", ExitCode.configuration, "Set AWS_REGION=eu-west-3"),
      ("status=307,error=TemporaryRedirect", .configuration, "Set AWS_REGION to the region of the bucket"),
      ("status=400,error=AuthorizationHeaderMalformed", .configuration, "Set AWS_REGION to the region of the bucket"),
      ("status=403,error=RequestTimeTooSkewed", .permission, "Set the clock of this machine"),
    ])
  func aRefusalSaysWhatToDo(options: String, code: ExitCode, remedy: String) throws {
    try write(key: "KEY")
    let folder = try storage(options)
    let refused = fault { _ = try folder.open("any.bin") }
    #expect(refused.code == code && refused.remedy == remedy, "\(refused)")
    #expect(folder.networkUsage.requestCount == 1)
  }

  @Test func whatAServerRepeatsOfASecretIsNotShown() throws {
    try write(key: "KEY")
    let folder = try storage("status=403,error=InvalidToken,words=SECRETSECRET-and-TOKENTOKEN")
    let refused = fault { _ = try folder.open("any.bin") }
    #expect(refused.what == "The server does not allow reading it (403), InvalidToken: ***-and-***")
  }
}
