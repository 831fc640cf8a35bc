/// The gradients of one backward pass that are still on their way.
public final class Gradients {
  private struct Sum {
    var tensor: Tensor
    /// False while the tensor is one that an operator passed on and others may hold too.
    var mayChange: Bool
  }

  private var sums: [ObjectIdentifier: Sum] = [:]

  /// Adds `gradient` to ∂loss/∂x. Nobody changes `gradient` afterwards.
  package func add(_ gradient: @autoclosure () -> Tensor, to x: some Differentiated) {
    let x = x.variable
    guard x.isTracked else { return }
    let gradient = gradient()
    precondition(
      gradient.count == x.count && (gradient.dtype == x.dtype || x.gradient != nil),
      "a gradient \(gradient) for a tensor of \(x.shape), \(x.dtype)")
    if let total = x.gradient {
      if x.replaces(total) {
        x.backend.convert(gradient, into: total)
      } else {
        x.backend.addScaled(gradient, by: 1, to: total)
      }
    } else if let sum = sums[ObjectIdentifier(x)] {
      if sum.mayChange {
        x.backend.addScaled(gradient, by: 1, to: sum.tensor)
      } else {
        let total = Tensor(like: x)
        x.backend.add(sum.tensor, gradient, into: total)
        sums[ObjectIdentifier(x)] = Sum(tensor: total, mayChange: true)
      }
    } else {
      sums[ObjectIdentifier(x)] = Sum(tensor: gradient, mayChange: false)
    }
  }

  /// Lets `kernel` write ∂loss/∂x where it is collected, or add to it where its second argument says so: a product
  /// into a parameter's gradient then needs no memory of its own.
  package func accumulate(into x: some Differentiated, _ kernel: (Tensor, _ accumulate: Bool) -> Void) {
    let x = x.variable
    guard x.isTracked else { return }
    if let total = x.gradient { return kernel(total, !x.replaces(total)) }
    if let sum = sums[ObjectIdentifier(x)] {
      if sum.mayChange { return kernel(sum.tensor, true) }
      let total = Tensor(like: x)
      x.backend.copy(sum.tensor, into: total)
      sums[ObjectIdentifier(x)] = Sum(tensor: total, mayChange: true)
      return kernel(total, true)
    }
    let total = Tensor(like: x)
    sums[ObjectIdentifier(x)] = Sum(tensor: total, mayChange: true)
    kernel(total, false)
  }

  /// As `accumulate`, for kernels that write what they are given plus their own: `addend` is what ∂loss/∂x is so far, nil
  /// for nothing, and may be the target itself.
  package func combine(into x: some Differentiated, _ kernel: (_ target: Tensor, _ addend: Tensor?) -> Void) {
    let x = x.variable
    guard x.isTracked else { return }
    if let total = x.gradient { return kernel(total, x.replaces(total) ? nil : total) }
    let sum = sums[ObjectIdentifier(x)]
    if let sum, sum.mayChange { return kernel(sum.tensor, sum.tensor) }
    let total = Tensor(like: x)
    sums[ObjectIdentifier(x)] = Sum(tensor: total, mayChange: true)
    kernel(total, sum?.tensor)
  }

  /// As `accumulate`, for kernels that can only add: the target is zeroed first where it is new.
  package func addInPlace(to x: some Differentiated, _ kernel: (Tensor) -> Void) {
    accumulate(into: x) { target, accumulate in
      if !accumulate { target.backend.fill(target, with: 0) }
      kernel(target)
    }
  }

  fileprivate func take(_ x: Variable) -> Tensor? { sums.removeValue(forKey: ObjectIdentifier(x))?.tensor }
}

extension Tensor {
  /// Adds ∂self/∂p to `p.gradient` of every parameter p that this scalar was computed from.
  ///
  /// Operators are visited in the reverse order of their computation and forgotten at once, so activations are freed
  /// as the pass goes; a second backward pass over the same tensors is not possible.
  ///
  /// - Parameter observer: told which parameters this pass reaches, and of each when its gradient is whole.
  public func backward(observer: (any BackwardObserver)? = nil) {
    precondition(count == 1, "backward() of a tensor of shape \(shape)")
    let seed = Tensor(like: self)
    backend.fill(seed, with: 1)
    backward(from: seed, observer: observer)
  }

  /// The same where ∂loss/∂self is `seed`, of the shape of self; nobody changes it afterwards.
  ///
  /// - Parameter observer: told which parameters this pass reaches, and of each when its gradient is whole.
  public func backward(from seed: Tensor, observer: (any BackwardObserver)? = nil) {
    Tensor.backward(from: [(self, seed)], observer: observer)
  }

  /// The same of several tensors at once, which may depend on each other.
  package static func backward(
    from ends: [(tensor: Tensor, seed: Tensor)], observer: (any BackwardObserver)? = nil
  ) {
    let gradients = Gradients()
    for end in ends { gradients.add(end.seed, to: end.tensor) }
    var order = trackedOperators(of: ends.map(\.tensor.variable))
    var completed = BackwardObservation(order, observer)
    GradientRecording.off {
      while let variable = order.popLast() {
        guard let node = variable.node else { continue }
        variable.node = nil
        if let gradient = gradients.take(variable) { node.backward(gradient, gradients) }
        completed.visited(order.count)
      }
    }
  }

  /// Every variable with an operator that these depend on, these among them, in the order of computation.
  static func trackedOperators(of ends: [Variable]) -> [Variable] {
    var seen: Set<ObjectIdentifier> = []
    var pending = ends.filter { seen.insert(ObjectIdentifier($0)).inserted }
    var found: [Variable] = []
    while let variable = pending.popLast() {
      guard let node = variable.node else { continue }
      found.append(variable)
      for input in node.inputs where seen.insert(ObjectIdentifier(input)).inserted { pending.append(input) }
    }
    return found.sorted { $0.node!.sequence < $1.node!.sequence }
  }
}
