// Memory for time: a part of a computation that keeps its inputs alone.

extension Tensor {
  /// body(inputs), of which nothing but the inputs is kept. The backward pass computes the body again, this time with
  /// its intermediate results, and goes through it: the same gradients, bit for bit, for one more forward pass of it.
  ///
  /// - Parameters:
  ///   - parameters: those whose gradients the body adds to; who observes the backward pass hears of these.
  ///   - body: a pure function of inputs and parameters, of any number of results. Other tensors that it uses are
  ///     constants to the backward pass, and must be untracked.
  public static func recomputed(
    _ inputs: [Tensor], parameters: [Tensor], _ body: @escaping ([Tensor]) -> [Tensor]
  ) -> [Tensor] {
    let tracked = (inputs + parameters).map(\.variable).filter(\.isTracked)
    guard GradientRecording.isOn, let first = tracked.first else { return body(inputs) }
    let results = GradientRecording.off { body(inputs) }.map { $0.detached() }
    // All results depend on one node: it runs once, after the gradients of all have arrived.
    let arriving = ArrivingGradients(count: results.count)
    let whole = Tensor(uninitialized: [], dtype: .float32, backend: first.backend)
    whole.node = GradientNode(inputs: tracked) { _, gradients in
      Tensor.differentiateAgain(inputs, body, arriving.gradients, gradients)
    }
    for (place, result) in results.enumerated() {
      result.node = GradientNode(inputs: [whole.variable]) { gradient, gradients in
        if arriving.isEmpty { gradients.add(Tensor.zeros([], backend: whole.backend), to: whole) }
        arriving.gradients[place] = gradient
      }
    }
    return results
  }

  /// The body with recording, and back through it: its parameters' gradients go where they always go, those of the
  /// inputs to the pass that is under way.
  private static func differentiateAgain(
    _ inputs: [Tensor], _ body: ([Tensor]) -> [Tensor], _ arrived: [Tensor?], _ gradients: Gradients
  ) {
    let before = GradientNode.latest
    let starts = inputs.map { $0.isTracked ? GraphInput($0) : nil }
    let results = GradientRecording.on { body(zip(inputs, starts).map { $1?.tensor ?? $0 }) }
    precondition(
      Tensor.trackedOperators(of: results.map(\.variable)).allSatisfy { $0.node!.sequence > before },
      "a recomputed body uses a tensor of a backward pass that is none of its inputs")
    Tensor.backward(from: zip(results, arrived).compactMap { result, seed in seed.map { (result, $0) } })
    for (input, start) in zip(inputs, starts) {
      if let gradient = start?.gradient { gradients.add(gradient, to: input) }
    }
  }
}

/// ∂loss/∂result of every result of a body; nil while none has arrived.
private final class ArrivingGradients {
  var gradients: [Tensor?]
  init(count: Int) { gradients = [Tensor?](repeating: nil, count: count) }
  var isEmpty: Bool { gradients.allSatisfy { $0 == nil } }
}
