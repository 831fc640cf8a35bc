@preconcurrency import Glibc
import Testing

@testable import Telemetry

@Suite struct LoggerTests {
  @Test func rankZeroTellsWhatAllKnowAndEveryRankItsTroubles() {
    let lines = Lines()
    let terminal = Terminal(canRedraw: false, sink: lines.sink)
    for rank in 0..<3 {
      let log = Logger(rank: rank, rankCount: 3, terminal: terminal)
      log.debug("debug")
      log.info("started")
      log.warning("slow")
    }
    #expect(
      lines.all.map { String($0.dropFirst(24)) } == [
        "info     rank 0 of 3: started\n", "warning  rank 0 of 3: slow\n", "warning  rank 1 of 3: slow\n",
        "warning  rank 2 of 3: slow\n",
      ])
  }

  @Test func aLineStartsWithTheLocalTime() {
    let log = Logger(terminal: Terminal(canRedraw: false, sink: { _ in }))
    var parts = tm()
    parts.tm_year = 126
    parts.tm_mon = 10
    parts.tm_mday = 1
    parts.tm_hour = 2
    parts.tm_min = 15
    parts.tm_sec = 1
    parts.tm_isdst = -1
    let time = timespec(tv_sec: mktime(&parts), tv_nsec: 7_000_000)
    #expect(log.line(.info, "hello", at: time) == "2026-11-01 02:15:01.007 info     hello")
  }

  @Test func messagesCannotForgeLinesOrColours() {
    let log = Logger(terminal: Terminal(canRedraw: false, sink: { _ in }))
    let line = log.line(.error, "a\n2026 error b\u{1B}[2K", at: timespec())
    #expect(line.hasSuffix("error    a\n  2026 error b\u{FFFD}[2K"))
  }

  @Test func levelsFilter() {
    let log = Logger(rank: 1, rankCount: 2, minimumLevel: .error, terminal: Terminal(canRedraw: false, sink: { _ in }))
    #expect(!log.tells(.warning) && log.tells(.error))
    #expect(Logger(rank: 1, rankCount: 2, tellsAllRanks: true).tells(.info))
  }
}
