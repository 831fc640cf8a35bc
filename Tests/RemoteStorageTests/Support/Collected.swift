import Synchronization

/// Collects what threads report.
final class Collected<Element: Sendable>: Sendable {
  private let list = Mutex<[Element]>([])

  func add(_ element: Element) { list.withLock { $0.append(element) } }

  var all: [Element] { list.withLock { $0 } }
}

typealias Results = Collected<Bool>
typealias Notes = Collected<String>
