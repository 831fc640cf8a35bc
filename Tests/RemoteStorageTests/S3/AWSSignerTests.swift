import Testing

@testable import RemoteStorage

@Suite struct AWSSignerTests {
  private func signature(
    _ url: String, _ headers: [(name: String, value: String)], region: String, secret: String,
    key: String = "AKIDEXAMPLE", token: String? = nil, at time: Int
  ) throws -> String {
    let credentials = AWSCredentials(accessKey: key, secretKey: secret, sessionToken: token)
    var request = HTTPRequest(url: try RemoteURL(url), headers: headers)
    AWSSigner(credentials: credentials, region: region).sign(&request, at: time)
    let authorization = try #require(request.headers.last { $0.name == "Authorization" }?.value)
    return String(try #require(authorization.split(separator: "Signature=").last))
  }

  /// The examples of AWS, "Signature Calculations for the Authorization Header": GET Object with a range, GET Bucket
  /// Lifecycle, List Objects.
  @Test(
    arguments: [
      ("/test.txt", "bytes=0-9", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
      ("/?lifecycle", nil, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
      ("/?max-keys=2&prefix=J", nil, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ] as [(String, String?, String)])
  func agreesWithTheExamplesOfAWS(path: String, range: String?, expected: String) throws {
    let found = try signature(
      "https://examplebucket.s3.amazonaws.com" + path, range.map { [("Range", $0)] } ?? [], region: "us-east-1",
      secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", key: "AKIAIOSFODNN7EXAMPLE", at: 1_369_353_600)
    #expect(found == expected)
  }

  /// Computed by botocore 1.43.11 (`S3SigV4Auth`) for the same requests at 2024-02-29T23:59:58Z.
  @Test func agreesWithBotocore() throws {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    #expect(
      try signature(
        "https://bucket.s3.eu-west-1.amazonaws.com/train/shard-00000.sgmn",
        [("Range", "bytes=1000-1999"), ("If-Match", "\"abc\"")], region: "eu-west-1", secret: secret,
        at: 1_709_251_198) == "29f769b735a854a2dba47b4299bff2b86d4abbd824e926f750b2c4b3aa73a24a")
    #expect(
      try signature(
        "http://127.0.0.1:9000/bucket/a%20b/%C3%BC%2B%3D%26~._-%2A.sgmn", [], region: "us-east-1", secret: secret,
        token: "FwoGZXIvYXdzEXAMPLE//token==", at: 1_709_251_198)
        == "c21af8a2419b71992958b6fe10aaadfc748de4b04c0c823d92840d201385eb1e")
    #expect(
      try signature(
        "https://minio.example.org:8443/prefix/b.u.c/x",
        [("Range", "bytes=0-0"), ("If-Unmodified-Since", "Mon, 01 Jan 2024 00:00:00 GMT")], region: "auto",
        secret: secret, token: "tok", at: 1_709_251_198)
        == "fb9115c4cc151be1846290cb6331a4b5136c4625093412d7925d023a0e601424")
  }

  @Test func theHashOfNothing() {
    #expect(Digest.hexadecimal(Digest.sha256([])) == AWSSigner.emptyHash)
  }

  @Test func credentialsDoNotPrint() {
    let credentials = AWSCredentials(accessKey: "AKIDKEY", secretKey: "SECRET", sessionToken: "TOKEN")
    var dumped = ""
    dump(Optional(credentials), to: &dumped)
    for text in ["\(credentials)", String(reflecting: credentials), "\([credentials])", dumped] {
      #expect(!text.contains("SECRET") && !text.contains("TOKEN") && !text.contains("AKIDKEY"))
    }
  }
}
