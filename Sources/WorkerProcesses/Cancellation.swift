import Synchronization

/// A flag that any thread may raise, once and for all.
public final class Cancellation: Sendable {
  private let raised = Atomic(false)

  public init() {}

  public var isRaised: Bool { raised.load(ordering: .relaxed) }

  public func raise() { raised.store(true, ordering: .relaxed) }
}
