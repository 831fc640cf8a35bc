import Synchronization

/// Tools that are costly to make and used by one thread at a time: taken for a piece of work, put back after it.
final class ToolShelf<Tool>: @unchecked Sendable {
  private let make: @Sendable () throws -> Tool
  private let tools = Mutex<[Unchecked]>([])

  /// A tool leaves the shelf before another thread sees it, so it need not be Sendable.
  private struct Unchecked: @unchecked Sendable { var tool: Tool }

  init(_ make: @escaping @Sendable () throws -> Tool) { self.make = make }

  /// The result of `body` with a tool of its own; as many are made as there are threads at work.
  func withTool<Result>(_ body: (Tool) throws -> Result) throws -> Result {
    let held = try tools.withLock({ $0.popLast() }) ?? Unchecked(tool: make())
    defer { tools.withLock { $0.append(held) } }
    return try body(held.tool)
  }
}
