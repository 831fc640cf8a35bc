import Testing

@testable import ShardReports

@Suite struct HTMLTextTests {
  @Test func markupIsText() {
    #expect(
      HTMLText.escaped("<script>alert('a' & \"b\")</script>")
        == "&lt;script&gt;alert(&#39;a&#39; &amp; &quot;b&quot;)&lt;/script&gt;")
  }

  @Test func controlsAndDirectionMarksAreShown() {
    #expect(HTMLText.escaped("a\u{0}b\u{1B}[31m\u{85}") == "a\u{FFFD}b\u{FFFD}[31m\u{FFFD}")
    #expect(HTMLText.escaped("\u{202E}abc\u{2066}") == "\u{FFFD}abc\u{FFFD}")
    #expect(HTMLText.escaped("a\nb\tc") == "a b c")
  }

  @Test func otherWritingStays() {
    #expect(HTMLText.escaped("红色跑鞋 👟 é") == "红色跑鞋 👟 é")
  }

  @Test func longTextsAreCut() {
    #expect(HTMLText.shortened("abcdef", 6) == "abcdef")
    #expect(HTMLText.shortened("abcdefg", 6) == "abcde…")
  }
}
