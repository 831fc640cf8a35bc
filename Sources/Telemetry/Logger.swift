@preconcurrency import Glibc

/// The run's log: one line an event, with time, level and rank.
///
///     2026-11-21 02:15:01.123 info     rank 0 of 8: resumed at step 1,200
///
/// What all ranks know alike (`debug`, `info`, `notice`) is told by rank 0 alone; warnings and errors by the rank that
/// has them.
public struct Logger: Sendable {
  public enum Level: Int, Sendable, Comparable, CaseIterable {
    case debug, info, notice, warning, error

    public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

    var name: String { "\(self)" }
  }

  public let rank: Int
  public let rankCount: Int
  /// Events below it are dropped.
  public var minimumLevel: Level
  /// Whether ranks other than 0 tell what all know alike, too.
  public var tellsAllRanks: Bool
  private let terminal: Terminal

  public init(
    rank: Int = 0, rankCount: Int = 1, minimumLevel: Level = .info, tellsAllRanks: Bool = false,
    terminal: Terminal = .standardError
  ) {
    self.rank = rank
    self.rankCount = rankCount
    self.minimumLevel = minimumLevel
    self.tellsAllRanks = tellsAllRanks
    self.terminal = terminal
  }

  public func debug(_ message: @autoclosure () -> String) { log(.debug, message()) }
  public func info(_ message: @autoclosure () -> String) { log(.info, message()) }
  public func notice(_ message: @autoclosure () -> String) { log(.notice, message()) }
  public func warning(_ message: @autoclosure () -> String) { log(.warning, message()) }
  public func error(_ message: @autoclosure () -> String) { log(.error, message()) }

  /// Whether an event of this level is written by this rank.
  public func tells(_ level: Level) -> Bool {
    level >= minimumLevel && (rank == 0 || tellsAllRanks || level >= .warning)
  }

  public func log(_ level: Level, _ message: @autoclosure () -> String) {
    guard tells(level) else { return }
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    terminal.write(line: line(level, message(), at: now))
  }

  /// The text of one event, in local time; control characters in the message cannot forge another line.
  func line(_ level: Level, _ message: String, at time: timespec) -> String {
    let stamp = Self.stamp(time)
    let padded = level.name + String(repeating: " ", count: 8 - level.name.count)
    let place = rankCount > 1 ? "rank \(rank) of \(rankCount): " : ""
    var text = stamp + " " + padded + " " + place
    for scalar in message.unicodeScalars {
      switch scalar {
      case "\n": text += "\n  "
      case "\t": text += "\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F: text += "\u{FFFD}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    guard terminal.usesColor else { return text }
    switch level {
    case .error: return "\u{1B}[31m" + text + "\u{1B}[0m"
    case .warning: return "\u{1B}[33m" + text + "\u{1B}[0m"
    default: return text
    }
  }

  private static func stamp(_ time: timespec) -> String {
    var seconds = time.tv_sec
    var parts = tm()
    localtime_r(&seconds, &parts)
    func digits(_ value: Int, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let day =
      "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
    let clock = "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
    return "\(day) \(clock).\(digits(time.tv_nsec / 1_000_000, 3))"
  }
}
