import Testing

@testable import ShardBuilding

@Suite struct BuildProgressTests {
  private var progress: BuildProgress {
    var progress = BuildProgress()
    progress.doneCount = 2_500
    progress.entryCount = 10_000
    progress.byteCount = 500 << 20
    progress.seconds = 50
    return progress
  }

  @Test func `bar, entries, rates and the time left`() {
    #expect(
      progress.line(width: 100)
        == "[███████░░░░░░░░░░░░░░░░░░░░░░░]  2,500/10,000 (25.0 %)  50.0 clips/s  2 min 30 s left  10.0 MiB/s")
    var full = progress
    (full.leftOutCount, full.keptCount) = (3, 512)
    #expect(
      full.plainLine
        == "2,500/10,000 (25.0 %)  50.0 clips/s  2 min 30 s left  10.0 MiB/s  3 left out  512 kept")
  }

  @Test func `a narrow terminal keeps what matters most`() {
    for width in 0..<120 { #expect(progress.line(width: width).count <= max(0, width - 1)) }
    #expect(progress.line(width: 40) == "2,500/10,000 (25.0 %)  50.0 clips/s")
    #expect(progress.line(width: 20) == "2,500/10,000 (25.0 ")
  }

  @Test func `nothing done yet and nothing to do are no division by zero`() {
    #expect(BuildProgress().plainLine == "0/0 (100.0 %)")
    var begun = BuildProgress()
    begun.entryCount = 5
    #expect(begun.plainLine == "0/5 (0.0 %)" && begun.secondsLeft == nil)
  }
}
