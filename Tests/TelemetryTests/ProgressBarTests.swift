import Testing

@testable import Telemetry

@Suite struct ProgressBarTests {
  private let state = ProgressState(
    step: 1_200, stepCount: 4_800, losses: [("loss", 2.34567), ("icl", 1.5)], pairsPerSecond: 812.4,
    dataWaitShare: 0.034, secondsLeft: 245)

  @Test func aWideLineTellsAll() {
    let text =
      "step 1,200/4,800 (25.0 %)  loss 2.346  icl 1.500  812.4 pairs/s  4 min 05 s left  data wait 3 %"
    #expect(ProgressBar.plainLine(state) == text)
    let line = ProgressBar.render(state, width: text.count + 1 + 24)
    #expect(line == "[" + "█████" + String(repeating: "░", count: 15) + "]  " + text)
  }

  @Test(arguments: 0...200) func aLineNeverFillsTheWidth(width: Int) {
    let line = ProgressBar.render(state, width: width)
    #expect(line.count < max(1, width))
    #expect(width < 30 || line.contains("step 1,200/4,800 (25.0 %)"))
  }

  @Test func colourAddsNoColumns() {
    let plain = ProgressBar.render(state, width: 160)
    let colored = ProgressBar.render(state, width: 160, usesColor: true)
    #expect(colored != plain)
    #expect(
      colored.replacing("\u{1B}[32m", with: "").replacing("\u{1B}[0m", with: "") == plain)
  }

  @Test(arguments: [(0, 0), (0, 10), (10, 10), (11, 10), (-1, 10)]) func oddCountsAreDrawn(step: Int, count: Int) {
    let line = ProgressBar.render(ProgressState(step: step, stepCount: count), width: 100)
    #expect(line.contains("%"))
  }

  @Test func aLogFileGetsALineEveryFewSteps() {
    let lines = Lines()
    let bar = ProgressBar(terminal: Terminal(canRedraw: false, sink: lines.sink), plainInterval: 4)
    for step in 1...10 { bar.update(ProgressState(step: step, stepCount: 10)) }
    bar.finish()
    #expect(lines.all == ["step 4/10 (40.0 %)\n", "step 8/10 (80.0 %)\n", "step 10/10 (100.0 %)\n"])
  }

  @Test func aTerminalRedrawsOneLineAndKeepsItBelowTheLog() {
    let lines = Lines()
    let terminal = Terminal(canRedraw: true, width: 30, sink: lines.sink)
    let bar = ProgressBar(terminal: terminal)
    for step in 1...1_000 { bar.update(ProgressState(step: step, stepCount: 1_000)) }
    let drawn = lines.all
    #expect(drawn.count < 200)
    let last = "step 1,000/1,000 (100.0 %)"
    #expect(drawn.last == "\r\u{1B}[2K" + last)
    terminal.write(line: "saved")
    #expect(lines.all.last == "\r\u{1B}[2Ksaved\n" + last)
    bar.finish()
    terminal.write(line: "done")
    #expect(lines.all.suffix(2) == ["\r\u{1B}[2K", "done\n"])
  }
}
