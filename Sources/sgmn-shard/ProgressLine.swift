import Glibc

/// One line on a terminal that is written over and over; nothing where stderr is not a terminal.
struct ProgressLine {
  private static let isTerminal = isatty(STDERR_FILENO) == 1
  private let label: String
  private let start = ContinuousClock.now
  private var last: ContinuousClock.Instant?

  init(_ label: String) { self.label = label }

  /// Shows the share done (0 … 1), `detail`, and the time left at the rate so far; at most ten times a second.
  mutating func show(_ share: Double, _ detail: @autoclosure () -> String) {
    guard ProgressLine.isTerminal else { return }
    let now = ContinuousClock.now
    if let last, now - last < .milliseconds(100), share < 1 { return }
    last = now
    let elapsed = (now - start) / .seconds(1)
    let left = share > 0 ? ", \(ProgressLine.duration(elapsed / share - elapsed)) left" : ""
    CommandLineMain.write("\r\u{1B}[K\(label) \(Int(share * 100)) %, \(detail())\(left)")
  }

  static func clear() {
    if isTerminal { CommandLineMain.write("\r\u{1B}[K") }
  }

  var elapsedSeconds: Double { (ContinuousClock.now - start) / .seconds(1) }

  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    if seconds < 9.95 { return "\((seconds * 10).rounded() / 10) s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole / 60 % 60) min"
  }
}
