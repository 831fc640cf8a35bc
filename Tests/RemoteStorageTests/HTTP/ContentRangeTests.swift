import Testing

@testable import RemoteStorage

@Suite struct ContentRangeTests {
  @Test func rangesAreRead() {
    #expect(ContentRange("bytes 0-0/1") == ContentRange(range: 0..<1, total: 1))
    #expect(ContentRange("bytes 100-199/5000") == ContentRange(range: 100..<200, total: 5_000))
    #expect(ContentRange("Bytes 5-9/*") == ContentRange(range: 5..<10, total: nil))
    #expect(ContentRange("bytes */77") == ContentRange(range: nil, total: 77))
  }

  @Test(
    arguments: [
      "", "bytes", "bytes 0-9", "bytes 9-0/10", "bytes 0-10/10", "bytes -1-5/10", "bytes 0-9/-1", "lines 0-9/10",
      "bytes 0-9223372036854775807/*", "bytes 0-99999999999999999999/*", "bytes 0--1/10", "bytes 1-2/3/4",
      "bytes a-b/c", "bytes 0-9/10 x",
    ])
  func nonsenseIsNone(text: String) { #expect(ContentRange(text) == nil) }
}
