/// Follows a backward pass, to send gradients on their way while it goes.
public protocol BackwardObserver: AnyObject {
  /// The parameters that the pass will reach, before it begins: tensors with a `gradient`, views of parameters among
  /// them, so that two may share memory.
  func willReach(_ parameters: [Tensor])
  /// The pass adds nothing more to the gradient of `parameter`, one of those.
  func isComplete(_ parameter: Tensor)
}

/// Which parameters are complete once an operator has been visited.
struct BackwardObservation {
  private let observer: (any BackwardObserver)?
  /// By the place of an operator in the order of computation: it is the first to use them, so the last to be visited.
  private var completedAt: [Int: [Tensor]] = [:]

  init(_ order: [Tensor], _ observer: (any BackwardObserver)?) {
    self.observer = observer
    guard let observer else { return }
    var seen: Set<ObjectIdentifier> = []
    var parameters: [Tensor] = []
    for (place, tensor) in order.enumerated() {
      for input in tensor.node?.inputs ?? []
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
