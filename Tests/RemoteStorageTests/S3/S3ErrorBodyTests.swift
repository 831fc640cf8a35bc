import Testing

@testable import RemoteStorage

@Suite struct S3ErrorBodyTests {
  @Test func codeAndMessageAreRead() {
    let text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <Error><Code>SignatureDoesNotMatch</Code><Message>We &lt;calculate&gt;\u{1B}[31m others &amp;lt;</Message>\
      <AWSAccessKeyId>AKIDKEY</AWSAccessKeyId><StringToSign>secret</StringToSign></Error>
      """
    let body = S3ErrorBody(Array(text.utf8))
    #expect(body.code == "SignatureDoesNotMatch" && body.message == "We <calculate>[31m others &lt;")
  }

  @Test(arguments: ["", "busy", "<Error>", "<Error><Code>", "<html><Code>x</Code></html>", "</Error><Error>"])
  func otherWordsAreNone(text: String) {
    let body = S3ErrorBody(Array(text.utf8))
    #expect(body.code == nil && body.message == nil)
  }

  @Test func longWordsAreCut() {
    let text = "<Error><Code>\(String(repeating: "c", count: 9_999))</Code></Error>"
    #expect(S3ErrorBody(Array(text.utf8)).code?.count == 80)
  }
}
