@preconcurrency import Glibc
import Synchronization

/// How far a run is: on a terminal one line that redraws itself, elsewhere a plain line every `plainInterval` steps.
public final class ProgressBar: Sendable {
  private let terminal: Terminal
  private let plainInterval: Int
  /// The monotonic time, in seconds, of the last drawing.
  private let lastDrawn = Mutex(-Double.infinity)

  /// - Parameter plainInterval: Steps between two lines where nothing can be redrawn, such as a log file.
  public init(terminal: Terminal = .standardError, plainInterval: Int = 10) {
    precondition(plainInterval > 0, "a line every \(plainInterval) steps")
    self.terminal = terminal
    self.plainInterval = plainInterval
  }

  /// Shows `state`; on a terminal at most ten times a second, and always the last step.
  public func update(_ state: ProgressState) {
    guard terminal.canRedraw else {
      if state.step % plainInterval == 0 || state.step == state.stepCount {
        terminal.write(line: Self.plainLine(state))
      }
      return
    }
    let now = monotonicSeconds()
    let isDue = lastDrawn.withLock { last in
      guard now - last >= 0.1 || state.step == state.stepCount else { return false }
      last = now
      return true
    }
    if isDue {
      terminal.show(status: Self.render(state, width: terminal.width, usesColor: terminal.usesColor))
    }
  }

  /// Removes the redrawn line; call it before the run ends.
  public func finish() { terminal.show(status: "") }

  /// One line of fewer than `width` columns: bar, steps, percent, losses, rate, data wait, time left. Where it does
  /// not fit, the bar goes first, and then parts from the right.
  public static func render(_ state: ProgressState, width: Int, usesColor: Bool = false) -> String {
    // The last column stays free: writing it makes some terminals wrap.
    let room = max(0, width - 1)
    var parts = Self.parts(state)
    var text = parts.joined(separator: "  ")
    while text.count > room && parts.count > 1 {
      parts.removeLast()
      text = parts.joined(separator: "  ")
    }
    if text.count > room { return String(text.prefix(room)) }

    let barRoom = room - text.count - 2 - 2  // two brackets, two blanks
    guard barRoom >= 10 else { return text }
    let length = min(barRoom, 30)
    let filled = Int((Double(length) * state.fraction).rounded(.down))
    let done = String(repeating: "█", count: filled)
    let open = String(repeating: "░", count: length - filled)
    return usesColor ? "[\u{1B}[32m\(done)\u{1B}[0m\(open)]  \(text)" : "[\(done)\(open)]  \(text)"
  }

  static func plainLine(_ state: ProgressState) -> String { parts(state).joined(separator: "  ") }

  /// The texts of a line, the most wanted first.
  private static func parts(_ state: ProgressState) -> [String] {
    let percent = Format.fixed(state.fraction * 100, 1)
    var parts = ["step \(Format.grouped(state.step))/\(Format.grouped(state.stepCount)) (\(percent) %)"]
    for loss in state.losses { parts.append("\(loss.name) \(Format.number(loss.value))") }
    if let rate = state.pairsPerSecond { parts.append(Format.rate(rate, "pairs")) }
    if let left = state.secondsLeft, state.step < state.stepCount {
      parts.append("\(Format.duration(seconds: left)) left")
    }
    if let share = state.dataWaitShare { parts.append("data wait \(Format.fixed(max(0, min(share, 1)) * 100, 0)) %") }
    return parts
  }
}

/// What a progress line tells.
public struct ProgressState: Sendable {
  /// Steps done, 0...`stepCount`.
  public var step: Int
  public var stepCount: Int
  /// The loss and its parts, the total first.
  public var losses: [(name: String, value: Double)]
  /// Clip-product pairs a second, over all ranks.
  public var pairsPerSecond: Double?
  /// The share of a step's time, 0...1, spent waiting for data.
  public var dataWaitShare: Double?
  public var secondsLeft: Double?

  public init(
    step: Int, stepCount: Int, losses: [(name: String, value: Double)] = [], pairsPerSecond: Double? = nil,
    dataWaitShare: Double? = nil, secondsLeft: Double? = nil
  ) {
    self.step = step
    self.stepCount = stepCount
    self.losses = losses
    self.pairsPerSecond = pairsPerSecond
    self.dataWaitShare = dataWaitShare
    self.secondsLeft = secondsLeft
  }

  /// The share of the steps that is done, 0...1.
  var fraction: Double { stepCount > 0 ? max(0, min(1, Double(step) / Double(stepCount))) : 1 }
}

/// Seconds of a clock that no one sets.
func monotonicSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}
