/// Follows a backward pass, to send gradients on their way while it goes.
public protocol BackwardObserver: AnyObject {
  /// The parameters that the pass will reach, before it begins: those with a `gradient`, views of parameters among them,
  /// so that two may share memory.
  func willReach(_ parameters: [Variable])
  /// The pass adds nothing more to the gradient of `parameter`, one of those.
  func isComplete(_ parameter: Variable)
}

/// Which parameters are complete once an operator has been visited.
struct BackwardObservation {
  private let observer: (any BackwardObserver)?
  /// By the place of an operator in the order of computation: it is the first to use them, so the last to be visited.
  private var completedAt: [Int: [Variable]] = [:]

  init(_ order: [Variable], _ observer: (any BackwardObserver)?) {
    self.observer = observer
    guard let observer else { return }
    var seen: Set<ObjectIdentifier> = []
    var parameters: [Variable] = []
    for (place, variable) in order.enumerated() {
      for input in variable.node?.inputs ?? []
      where input.gradient != nil && seen.insert(ObjectIdentifier(input)).inserted {
        completedAt[place, default: []].append(input)
        parameters.append(input)
      }
    }
    observer.willReach(parameters)
  }

  /// The operator at `place` has been visited.
  mutating func visited(_ place: Int) {
    guard let observer, let parameters = completedAt.removeValue(forKey: place) else { return }
    for parameter in parameters { observer.isComplete(parameter) }
  }
}
