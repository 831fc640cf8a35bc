import Synchronization

/// What was written to a terminal.
final class Lines: Sendable {
  private let texts = Mutex<[String]>([])
  var sink: @Sendable (String) -> Void { { text in self.texts.withLock { $0.append(text) } } }
  var all: [String] { texts.withLock { $0 } }
}
