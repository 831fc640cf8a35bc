import Faults
import Foundation
import Testing

@testable import RemoteStorage

@Suite(
  .enabled(
    if: FaultServer.isAvailable && ServerProcess.succeeds(["openssl", "version"]),
    "python3 or openssl is not here: no encrypted server to read from"), .timeLimit(.minutes(10)))
struct EncryptionTests {
  @Test func onlyATrustedCertificateIsReadFrom() throws {
    let folder = TemporaryFolder()
    let (file, key) = ("\(folder.path)/certificate.pem", "\(folder.path)/key.pem")
    try #require(
      ServerProcess.succeeds([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", file,
      ]))
    let server = try #require(FaultServer(certificate: (file, key)))
    let bytes = server.put("a.bin", 100_000)
    var settings = RemoteSettings.quick
    let refused = fault { _ = try server.folder("ok", settings).contents(of: "a.bin", limit: 1 << 20) }
    #expect(refused.code == .remoteUnavailable && refused.what.hasPrefix("The server's certificate is not trusted"))
    #expect(refused.remedy?.contains("CURL_CA_BUNDLE") == true)

    settings.http.certificateFile = file
    let trusted = try server.folder("ok", settings)
    #expect(try trusted.contents(of: "a.bin", limit: 1 << 20) == bytes)
    #expect(try trusted.open("a.bin").bytes(7..<77) == Array(bytes[7..<77]))
    let elsewhere = try ShardLocation.storage(for: "https://localhost:\(server.port)/ok", settings: settings)
    #expect(fault { _ = try elsewhere.contents(of: "a.bin", limit: 9) }.what.contains("not trusted"))

    // A redirection must not lead back into the open.
    let open = try #require(FaultServer())
    let target = open.location("ok~a.bin").replacing("/", with: "~")
    let downgrade = try server.folder("redirect=302,to=\(target)", settings)
    let downgraded = fault { _ = try downgrade.contents(of: "a.bin", limit: 1 << 20) }
    #expect(downgraded.what == "The server redirects from https to plain http", "\(downgraded)")

    settings.http.certificateFile = "\(folder.path)/none.pem"
    let wrong = fault { _ = try server.folder("ok", settings).contents(of: "a.bin", limit: 1 << 20) }
    #expect(wrong.code == .configuration && wrong.what.hasPrefix("The trusted certificates cannot be read"), "\(wrong)")
  }
}
