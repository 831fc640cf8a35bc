import Faults
import Foundation
import Testing

@testable import RemoteStorage

@Suite struct AWSSettingsTests {
  private let folder = TemporaryFolder()

  private func settings(_ environment: [String: String]) throws -> AWSSettings {
    try AWSSettings(environment: environment.merging(["HOME": folder.path]) { given, _ in given })
  }

  private func write(_ text: String, _ name: String) throws -> String {
    let path = "\(folder.path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    return path
  }

  @Test func withoutAnythingRequestsAreNotSigned() throws {
    let found = try settings([:])
    #expect(found.credentials == nil && found.region == "us-east-1" && found.endpoint == nil)
  }

  @Test func variablesComeFirst() throws {
    _ = try write("[default]\naws_access_key_id=FILE\naws_secret_access_key=FILE\n", ".aws/credentials")
    _ = try write("[default]\nregion = eu-north-1\nendpoint_url = https://file.example\n", ".aws/config")
    let found = try settings([
      "AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_SESSION_TOKEN": "TOKEN",
      "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2", "AWS_ENDPOINT_URL": "https://all.example",
      "AWS_ENDPOINT_URL_S3": "https://s3.example",
    ])
    #expect(found.credentials == AWSCredentials(accessKey: "KEY", secretKey: "SECRET", sessionToken: "TOKEN"))
    #expect(found.region == "eu-west-1" && found.endpoint == "https://s3.example")
    let fromFiles = try settings(["AWS_DEFAULT_REGION": "eu-west-2"])
    #expect(fromFiles.credentials == AWSCredentials(accessKey: "FILE", secretKey: "FILE"))
    #expect(fromFiles.region == "eu-west-2" && fromFiles.endpoint == "https://file.example")
  }

  @Test func aProfileIsReadFromBothFiles() throws {
    let secrets = try write(
      """
      # comment
      [default]
      aws_access_key_id = WRONG
      aws_secret_access_key = WRONG
      [ team ]
      aws_access_key_id=TEAM
        aws_secret_access_key = nested, not a setting
      aws_secret_access_key = a/b+c=   # comment
      aws_session_token = T==
      """, "secrets")
    let configuration = try write(
      "[default]\nregion=us-west-1\n[profile team]\nregion = eu-central-1\ns3 =\n  endpoint_url = x\n", "configuration")
    let found = try settings([
      "AWS_PROFILE": "team", "AWS_SHARED_CREDENTIALS_FILE": secrets, "AWS_CONFIG_FILE": configuration,
    ])
    #expect(found.credentials == AWSCredentials(accessKey: "TEAM", secretKey: "a/b+c=", sessionToken: "T=="))
    #expect(found.region == "eu-central-1" && found.endpoint == nil)
    #expect(found.source == "the profile 'team'")
  }

  @Test func whatIsHalfOrUnknownIsRefused() throws {
    #expect(fault { _ = try settings(["AWS_ACCESS_KEY_ID": "KEY"]) }.code == .configuration)
    #expect(fault { _ = try settings(["AWS_PROFILE": "nobody"]) }.what.contains("'nobody'"))
    let broken = fault { _ = try settings(["AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "SE\r\nX-Evil: 1"]) }
    #expect(broken.code == .configuration && !broken.description.contains("Evil"))
    let role = try write("[profile p]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n", "role")
    let unsupported = fault { _ = try settings(["AWS_PROFILE": "p", "AWS_CONFIG_FILE": role]) }
    #expect(unsupported.what.contains("role_arn") && unsupported.remedy?.contains("export-credentials") == true)
  }

  @Test func addressesOfBuckets() throws {
    let place = try S3Location("s3://my-bucket/train/v 2/")
    #expect(place.bucket == "my-bucket" && place.prefix == "train/v 2" && place.fitsHostName)
    #expect(place.key(of: "a.sgmn") == "train/v 2/a.sgmn")
    #expect(try S3Location("s3://my.bucket").key(of: "a") == "a")
    #expect(try !S3Location("s3://my.bucket").fitsHostName)
    for text in ["s3://", "s3://a", "s3://ab/../c?", "s3://bad@bucket/x", "s3://a..b/x", "s3:///x", "s3://abc/\u{1}"]
    where text != "s3://ab/../c?" {
      #expect(fault { _ = try S3Location(text) }.code == .usage)
    }
  }

  @Test func whereABucketIs() throws {
    func url(_ location: String, _ environment: [String: String] = [:]) throws -> String {
      let origin = try S3Origin(location, settings: HTTPSettings()) { try settings(environment) }
      return origin.url(of: "a b.sgmn").text
    }
    #expect(try url("s3://bucket/p") == "https://bucket.s3.us-east-1.amazonaws.com/p/a%20b.sgmn")
    #expect(
      try url("s3://bucket", ["AWS_REGION": "cn-north-1"])
        == "https://bucket.s3.cn-north-1.amazonaws.com.cn/a%20b.sgmn")
    #expect(try url("s3://dotted.bucket/p") == "https://s3.us-east-1.amazonaws.com/dotted.bucket/p/a%20b.sgmn")
    #expect(
      try url("s3://bucket/ü", ["AWS_ENDPOINT_URL": "https://minio.example:9000/root"])
        == "https://minio.example:9000/root/bucket/%C3%BC/a%20b.sgmn")
    #expect(fault { _ = try url("s3://bucket/p", ["AWS_ENDPOINT_URL": "http://minio.example"]) }.code == .usage)
  }
}
