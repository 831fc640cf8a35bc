import Testing

@testable import RemoteStorage

@Suite struct HTTPHeadTests {
  private func taken(_ lines: [String]) -> HTTPHead? {
    var head = HTTPHead()
    for line in lines where !Array((line + "\r\n").utf8).withUnsafeBytes({ head.take($0) }) { return nil }
    return head
  }

  @Test func headersAreRead() throws {
    let head = try #require(
      taken([
        "HTTP/1.1 100 Continue", "X-Old: 1", "", "HTTP/1.1 206 Partial Content", "CONTENT-LENGTH:  12 ",
        "Content-Range: bytes 0-11/20", "ETag: \"a:b\"", "nonsense", "Retry-After: 7",
      ]))
    #expect(head.status == 206 && head.contentLength == 12 && head["x-old"] == nil)
    #expect(head.contentRange == ContentRange(range: 0..<12, total: 20))
    #expect(head.validator == Validator(.entityTag, "\"a:b\"") && head.retryAfterSeconds == 7)
  }

  @Test func whatIsNoNumberIsNone() throws {
    let head = try #require(taken(["HTTP/1.1 x", "Content-Length: -5", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"]))
    #expect(head.status == 0 && head.contentLength == nil && head.retryAfterSeconds == nil && head.validator == nil)
  }

  @Test func endlessHeadersAreRefused() {
    #expect(taken((0..<1_000).map { "X-\($0): \(String(repeating: "a", count: 100))" }) == nil)
    #expect(taken((0..<10_000).map { _ in "HTTP/1.1 100 Continue" }) == nil)
  }
}
