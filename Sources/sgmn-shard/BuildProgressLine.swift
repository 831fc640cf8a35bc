import ShardBuilding
import Telemetry

/// How far a build is: on a terminal one line that redraws itself, elsewhere a plain line now and then.
final class BuildProgressLine {
  /// Seconds between two lines where nothing can be redrawn.
  private static let plainInterval = 30.0
  private let terminal = Terminal.standardError
  private var lastPlain = 0.0

  func show(_ progress: BuildProgress) {
    if terminal.canRedraw {
      terminal.show(status: progress.line(width: terminal.width, usesColor: terminal.usesColor))
    } else if progress.seconds - lastPlain >= BuildProgressLine.plainInterval {
      lastPlain = progress.seconds
      terminal.write(line: progress.plainLine)
    }
  }

  /// One line above the bar.
  func tell(_ text: String) { terminal.write(line: text) }

  func finish() { terminal.show(status: "") }
}
