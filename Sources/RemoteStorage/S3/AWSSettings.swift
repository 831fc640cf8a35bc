import Faults

/// Who asks S3, and where: the usual variables first, then the profile of the shared files.
struct AWSSettings: Sendable {
  /// Nil: the requests are not signed, which public buckets allow.
  var credentials: AWSCredentials?
  var region: String
  /// Nil for AWS's own.
  var endpoint: String?
  /// Where the credentials are from, for messages.
  var source: String

  /// Reads `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_DEFAULT_REGION`,
  /// `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, and the files of `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE`
  /// (`~/.aws/credentials`, `~/.aws/config`) for `AWS_PROFILE`.
  ///
  /// `Fault(.configuration)` for half a key pair, a profile that does not exist, or one that gets its credentials in a
  /// way that is not supported.
  init(environment: [String: String]) throws {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let home = value("HOME") ?? ""
    func path(_ variable: String, _ standard: String) -> String {
      let path = value(variable) ?? "~/.aws/\(standard)"
      return path.hasPrefix("~/") ? home + path.dropFirst() : path
    }
    let named = value("AWS_PROFILE") ?? value("AWS_DEFAULT_PROFILE")
    let profile = named ?? "default"
    let secrets = try AWSProfileFile(path: path("AWS_SHARED_CREDENTIALS_FILE", "credentials"), isConfiguration: false)
      .profiles[profile]
    let configuration = try AWSProfileFile(path: path("AWS_CONFIG_FILE", "config"), isConfiguration: true)
      .profiles[profile]
    region = value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? configuration?["region"] ?? "us-east-1"
    endpoint = value("AWS_ENDPOINT_URL_S3") ?? value("AWS_ENDPOINT_URL") ?? configuration?["endpoint_url"]

    if value("AWS_ACCESS_KEY_ID") != nil || value("AWS_SECRET_ACCESS_KEY") != nil {
      guard let key = value("AWS_ACCESS_KEY_ID"), let secret = value("AWS_SECRET_ACCESS_KEY") else {
        throw Fault(
          .configuration, "Only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set",
          remedy: "Set both, or neither and a profile")
      }
      credentials = AWSCredentials(accessKey: key, secretKey: secret, sessionToken: value("AWS_SESSION_TOKEN"))
      source = "AWS_ACCESS_KEY_ID"
    } else if secrets != nil || configuration != nil {
      source = "the profile '\(profile)'"
      credentials = try AWSSettings.credentials(secrets ?? [:], configuration ?? [:], profile)
    } else if let named {
      throw Fault(
        .configuration, "The profile '\(named)' of AWS_PROFILE is in neither of the shared files",
        at: path("AWS_SHARED_CREDENTIALS_FILE", "credentials"), remedy: "Name one that is there, or set the keys")
    } else {
      source = "none"
    }
    try AWSSettings.check(credentials, region, source)
  }

  private static func credentials(
    _ secrets: [String: String], _ configuration: [String: String], _ profile: String
  ) throws -> AWSCredentials? {
    for keys in [secrets, configuration] {
      guard keys["aws_access_key_id"] != nil || keys["aws_secret_access_key"] != nil else { continue }
      guard let key = keys["aws_access_key_id"], let secret = keys["aws_secret_access_key"] else {
        throw Fault(.configuration, "The profile '\(profile)' has only one of the two keys of AWS")
      }
      return AWSCredentials(accessKey: key, secretKey: secret, sessionToken: keys["aws_session_token"])
    }
    for way in ["role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file"]
    where secrets[way] != nil || configuration[way] != nil {
      throw Fault(
        .configuration, "The profile '\(profile)' gets its credentials by \(way), which is not supported",
        remedy: "Export them: eval \"$(aws configure export-credentials --profile \(profile) --format env)\"")
    }
    return nil
  }

  /// What goes into a header must not end it.
  private static func check(_ credentials: AWSCredentials?, _ region: String, _ source: String) throws {
    let texts = [region, credentials?.accessKey, credentials?.secretKey, credentials?.sessionToken].compactMap { $0 }
    for text in texts where !text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) {
      throw Fault(.configuration, "The region or the keys of AWS from \(source) hold blanks or control characters")
    }
  }
}
