import Faults
import Testing

@Suite struct FaultSecretsTests {
  @Test func `a text that a file made too long is cut`() {
    let fault = Fault(.badData, String(repeating: "路", count: 100_000))
    #expect(fault.what.utf8.count < 9_000 && fault.what.hasSuffix("…"))
  }

  @Test(arguments: [
    ("https://name:word@host/path?X-Amz-Signature=abc", "https://host/path?…"),
    ("at https://name@host:8443/a@b, and s3://key:secret@bucket.", "at https://host:8443/a@b, and s3://bucket."),
    ("'http://a:b@c@host' and \"ftp://u:p@h/x?y\" here", "'http://host' and \"ftp://h/x?…\" here"),
    ("no://", "no://"), ("://@", "://"), ("https://host/?", "https://host/?…"), ("/a/b?c@d", "/a/b?c@d"),
    ("https://host/路径", "https://host/路径"), ("", ""),
  ])
  func `passwords and signatures are left out`(_ text: String, _ shown: String) {
    #expect(Fault.withoutSecrets(text) == shown)
    var fault = Fault(.usage, text, at: text, remedy: text)
    #expect(fault == Fault(.usage, shown, at: shown, remedy: shown))
    (fault.what, fault.place, fault.remedy) = (text, text, text)
    #expect(fault.what == shown && fault.place == shown && fault.remedy == shown)
  }
}
