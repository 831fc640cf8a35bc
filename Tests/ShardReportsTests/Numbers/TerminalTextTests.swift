import Testing

@testable import ShardReports

@Suite struct TerminalTextTests {
  @Test func controlCharactersDoNotReachTheTerminal() {
    #expect(TerminalText.printable("a\u{1B}[2Jb\n\u{9B}") == "a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}")
    #expect(TerminalText.printable("红鞋 é") == "红鞋 é")
  }
}
