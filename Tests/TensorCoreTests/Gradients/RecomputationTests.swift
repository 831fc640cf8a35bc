import Randomness
import Testing

@testable import TensorCore

@Suite struct RecomputationTests {
  private static let inputs: [Numbers] = [.normal([6, 4]), .normal([4, 4], seed: 2), .normal([4], seed: 3)]

  /// A block with a residual path, an activation and two uses of each of its inputs.
  private func block(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
    let hidden = x.linear(weight, bias: bias).gelu()
    return x + hidden.linear(weight).softmax() * hidden
  }

  private func recomputedBlock(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
    Tensor.recomputed([x], parameters: [weight, bias]) { [block($0[0], weight, bias)] }[0]
  }

  @Test(arguments: [DType.float32, .float64]) func theBitsAreThoseOfThePlainComputation(dtype: DType) {
    let plain = evaluate(Self.inputs, dtype) { x in block(block(2 * x[0], x[1], x[2]), x[1], x[2]) }
    let again = evaluate(Self.inputs, dtype) { x in
      recomputedBlock(recomputedBlock(2 * x[0], x[1], x[2]), x[1], x[2])
    }
    #expect(plain.output == again.output)
    #expect(plain.gradients == again.gradients)
  }

  @Test func theGradientsAreRight() {
    expectRightGradients(Self.inputs) { x in recomputedBlock(x[0], x[1], x[2]) }
    expectRightGradients(Self.inputs) { x in
      let y = x[0].softmax()
      return recomputedBlock(y, x[1], x[2]) + recomputedBlock(y, x[1], x[2]) * y
    }
  }

  @Test func withinAnother() {
    let plain = evaluate(Self.inputs, .float64) { x in block(block(x[0], x[1], x[2]).softmax(), x[1], x[2]) }
    let nested = evaluate(Self.inputs, .float64) { x in
      Tensor.recomputed([x[0]], parameters: [x[1], x[2]]) { inner in
        [recomputedBlock(recomputedBlock(inner[0], x[1], x[2]).softmax(), x[1], x[2])]
      }[0]
    }
    #expect(plain.output == nested.output)
    #expect(plain.gradients == nested.gradients)
  }

  /// Two results, of which one goes through the next body and one past it.
  private func pair(_ stream: [Tensor], _ weight: Tensor) -> [Tensor] {
    let sum = stream[0] + stream[1]
    return [sum, sum.linear(weight).gelu()]
  }

  @Test(arguments: [DType.float32, .float64]) func severalResults(dtype: DType) {
    func evaluation(_ step: @escaping ([Tensor], Tensor) -> [Tensor]) -> Evaluation {
      evaluate([.normal([6, 4]), .normal([4, 4], seed: 2)], dtype) { x in
        let start = [x[0].softmax(), 2 * x[0]]
        let end = step(step(start, x[1]), x[1])
        return end[0] + end[1]
      }
    }
    let plain = evaluation { pair($0, $1) }
    let again = evaluation { stream, weight in
      Tensor.recomputed(stream, parameters: [weight]) { pair($0, weight) }
    }
    #expect(plain.output == again.output)
    #expect(plain.gradients == again.gradients)
  }

  @Test(arguments: [0, 1]) func aResultThatNobodyUses(used: Int) {
    expectRightGradients([.normal([6, 4]), .normal([4, 4], seed: 2)]) { x in
      Tensor.recomputed([x[0], 3 * x[0]], parameters: [x[1]]) { pair($0, x[1]) }[used]
    }
  }

  @Test func aResultThatIsAnInput() {
    expectRightGradients([.normal([3, 4])]) { x in
      let results = Tensor.recomputed([2 * x[0]], parameters: []) { [$0[0], $0[0].softmax(), $0[0]] }
      return results[0] * results[1] + results[2]
    }
  }

  @Test func inputsThatAreConstants() {
    expectRightGradients([.constant([1, -2, 3, 0.5], [1, 4]), .normal([4, 4], seed: 2)]) { x in
      Tensor.recomputed([x[0]], parameters: [x[1]]) { [$0[0].linear(x[1]).gelu()] }[0]
    }
    let constant = Numbers.normal([4]).tensor(.float32)
    #expect(!Tensor.recomputed([constant], parameters: []) { [$0[0].softmax()] }[0].isTracked)
  }

  /// Nothing of the body lives between the passes, and nothing of the graph after them or without them.
  @Test func theBodyIsNotKept() {
    let x = Numbers.normal([4]).leaf(.float32)
    weak var input: Tensor?
    weak var inside: Tensor?
    var runs = 0
    do {
      let doubled = 2 * x
      input = doubled
      let y = Tensor.recomputed([doubled], parameters: []) { inputs in
        runs += 1
        let hidden = inputs[0].gelu()
        inside = hidden
        return [hidden.softmax()]
      }[0]
      #expect(runs == 1 && inside == nil && input != nil)
      y.sum().backward()
      #expect(runs == 2 && inside == nil)
    }
    #expect(input == nil)
    weak var never: Tensor?
    do {
      let start = GraphInput(Numbers.normal([4]).tensor(.float32))
      never = Tensor.recomputed([start.tensor], parameters: []) { [$0[0].gelu()] }[0]
      #expect(start.gradient == nil)
    }
    #expect(never == nil)
  }

  @Test func nothingIsRecordedWhileOff() {
    let x = Numbers.normal([4]).leaf(.float32)
    let y = GradientRecording.off { Tensor.recomputed([x], parameters: []) { [$0[0].gelu()] }[0] }
    #expect(!y.isTracked)
  }

  private final class Observer: BackwardObserver {
    var reached: [ObjectIdentifier] = []
    /// Parameters with their gradients at the time.
    var complete: [(ObjectIdentifier, [Double])] = []
    func willReach(_ parameters: [Variable]) { reached += parameters.map(ObjectIdentifier.init) }
    func isComplete(_ parameter: Variable) {
      complete.append((ObjectIdentifier(parameter), parameter.gradient!.doubles()))
    }
  }

  @Test func anObserverHearsOfTheParametersInside() {
    let x = Numbers.normal([6, 4]).leaf(.float64)
    let (early, late) = (
      Numbers.normal([4, 4], seed: 2).leaf(.float64), Numbers.normal([4, 4], seed: 4).leaf(.float64)
    )
    let bias = Numbers.normal([4], seed: 3).leaf(.float64)
    let total = recomputedBlock(recomputedBlock(x, early, bias), late, bias).sum()
    let observer = Observer()
    total.backward(observer: observer)
    let all = [x, early, late, bias].map(\.variable)
    #expect(Set(observer.reached) == Set(all.map(ObjectIdentifier.init)) && observer.reached.count == 4)
    #expect(observer.complete.map(\.0).first == ObjectIdentifier(late.variable))
    #expect(observer.complete.count == 4)
    for (parameter, gradient) in observer.complete {
      #expect(all.first { ObjectIdentifier($0) == parameter }?.gradient?.doubles() == gradient)
    }
  }

  @Test func aBodyThatUsesAForeignTensorTraps() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor([1, 2], shape: [2], dtype: .float64, backend: CPUBackend())
      x.collectGradient(in: .zeros([2], dtype: .float64, backend: x.backend))
      let foreign = x.gelu()
      Tensor.recomputed([x], parameters: []) { [$0[0] + foreign] }[0].sum().backward()
    }
  }
}
