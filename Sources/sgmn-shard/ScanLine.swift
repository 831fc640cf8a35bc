import Synchronization
import Telemetry

/// How far the reading of a source is, on a terminal; from any thread.
final class ScanLine: Sendable {
  private let terminal: Terminal?
  private let shown = Mutex("")

  init(isShown: Bool) { terminal = isShown && Terminal.standardError.canRedraw ? .standardError : nil }

  func show(_ what: String, _ share: Double) {
    guard let terminal else { return }
    let text = "Reading the source: \(what), \(Int(share * 100)) %"
    let isNew = shown.withLock { shown in
      defer { shown = text }
      return shown != text
    }
    if isNew { terminal.show(status: String(text.prefix(max(0, terminal.width - 1)))) }
  }

  func finish() { terminal?.show(status: "") }
}
