@preconcurrency import Glibc
import Synchronization

/// A stream that people watch: whole lines, and at its end one status line that redraws itself.
///
/// Lines may come from any thread; each goes out in one write, above the status line.
public final class Terminal: Sendable {
  /// Standard error, where a run reports; its standard output stays free for data.
  public static let standardError = Terminal(descriptor: 2)

  /// Whether a status line can be redrawn: a terminal that is not `dumb`.
  public let canRedraw: Bool
  /// Whether to colour: as `canRedraw`, unless `NO_COLOR` says otherwise.
  public let usesColor: Bool
  private let fixedWidth: Int?
  private let widthSource: Int32
  private let sink: @Sendable (String) -> Void
  private let status = Mutex("")

  init(descriptor: Int32) {
    let kind = environmentValue("TERM") ?? ""
    canRedraw = isatty(descriptor) == 1 && kind != "dumb" && kind != ""
    usesColor = canRedraw && (environmentValue("NO_COLOR") ?? "").isEmpty
    fixedWidth = nil
    widthSource = descriptor
    sink = { writeAll($0, to: descriptor) }
  }

  /// A terminal of a given width that hands what is written to `sink`, for tests and log files.
  public init(canRedraw: Bool, usesColor: Bool = false, width: Int = 80, sink: @escaping @Sendable (String) -> Void) {
    self.canRedraw = canRedraw
    self.usesColor = usesColor
    fixedWidth = width
    widthSource = -1
    self.sink = sink
  }

  /// Columns, asked anew at each call, as windows change their size.
  public var width: Int {
    if let fixedWidth { return fixedWidth }
    var size = winsize()
    if ioctl(widthSource, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 { return Int(size.ws_col) }
    return environmentValue("COLUMNS").flatMap { Int($0) }.map { max(1, min($0, 10_000)) } ?? 80
  }

  /// Writes one line.
  public func write(line: String) {
    status.withLock { status in
      sink(status.isEmpty ? line + "\n" : "\r\u{1B}[2K" + line + "\n" + status)
    }
  }

  /// Draws `text`, shorter than the terminal's width, as the status line; empty removes it. Without a terminal
  /// nothing is drawn.
  public func show(status text: String) {
    guard canRedraw else { return }
    status.withLock { status in
      if text.isEmpty && status.isEmpty { return }
      status = text
      sink("\r\u{1B}[2K" + text)
    }
  }
}

/// The value of an environment variable, nil where it is not set.
func environmentValue(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Writes `text`, whole if the reader lives; a log that nobody reads stops no run.
private func writeAll(_ text: String, to descriptor: Int32) {
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if count > 0 {
      bytes = bytes.dropFirst(count)
    } else if count < 0 && (errno == EINTR || errno == EAGAIN) {
      if errno == EAGAIN { usleep(1_000) }
    } else {
      return
    }
  }
}
