import TensorCore
import Testing

@Suite struct GradientsTests {
  @Test func aTensorUsedTwoAndThreeTimes() {
    expectRightGradients([.normal([3, 5])]) { $0[0] + $0[0] }
    expectRightGradients([.normal([3, 5])]) { $0[0] * $0[0] * $0[0] }
    expectRightGradients([.normal([3, 5])]) { x in
      let y = 2 * x[0]
      return y + y
    }
    expectRightGradients([.normal([3, 5])]) { x in
      let y = 2 * x[0]
      return y * y.softmax() + y
    }
  }

  /// A gradient that was passed on is shared; adding a product into it must not change what others hold.
  @Test func aSharedGradientIsNotChanged() {
    let inputs: [Numbers] = [.normal([3, 4]), .normal([4, 4], seed: 2), .normal([3, 4], seed: 3)]
    expectRightGradients(inputs) { x in
      let a = 2 * x[0]
      let c = 3 * x[2]
      return a.linear(x[1]).softmax() + (a + c)
    }
    expectRightGradients(inputs) { x in
      let a = 2 * x[0]
      let c = 3 * x[2]
      let later = a + c
      return (later + a.linear(x[1])).linear(x[1]) + a.reshaped([3, 4]) + c
    }
    expectRightGradients([.normal([4, 3])]) { x in
      let y = 2 * x[0]
      return y.gatheringRows([0, 0, 3, 1], shape: [4, 3]) + y + y.top(3).values
    }
  }

  @Test func gradientsOfTwoPassesAdd() {
    let x = Numbers.normal([4]).leaf(.float64)
    (2 * x).sum().backward()
    (3 * x).sum().backward()
    #expect(x.gradient!.doubles() == [5, 5, 5, 5])
  }

  /// Views of one parameter write to their part of its gradient.
  @Test func viewsCollectInPlace() {
    let gradient = Tensor.zeros([4, 3], dtype: .float64, backend: cpu)
    let whole = Numbers.normal([4, 3]).tensor(.float64)
    let middle = whole.slice(at: 3, shape: [2, 3])
    middle.collectGradient(in: gradient.slice(at: 3, shape: [2, 3]))
    (2 * middle).sum().backward()
    #expect(gradient.doubles() == [0, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0, 0])
  }

  @Test func nothingIsRecordedWhileOff() {
    let x = Numbers.normal([4]).leaf(.float32)
    let y = GradientRecording.off { x.softmax() }
    #expect(!y.isTracked)
    #expect(x.softmax().isTracked)
    y.sum().backward()
    #expect(x.gradient!.floats() == [0, 0, 0, 0])
  }

  @Test func nothingIsRecordedWithoutParameters() {
    let x = Numbers.normal([4]).tensor(.float32)
    #expect(!(x + x).softmax().isTracked)
    #expect(!Numbers.normal([4]).leaf(.float32).detached().softmax().isTracked)
  }

  @Test func aBackwardPassFreesWhatItVisited() {
    let x = Numbers.normal([4]).leaf(.float32)
    weak var activation: Tensor?
    weak var softmax: (any Storage)?
    let loss: Tensor
    do {
      let hidden = x.gelu()
      activation = hidden
      let bystander = hidden.softmax()
      softmax = bystander.storage
      loss = (hidden * hidden + bystander).sum()
    }
    #expect(activation != nil && softmax != nil)
    loss.backward()
    #expect(activation == nil && softmax == nil)
    #expect(!loss.isTracked)
  }

  /// What no backward step looks at is free before the pass begins.
  @Test func elementsThatNobodyNeedsAreNotKept() {
    let x = Numbers.normal([4]).leaf(.float32)
    weak var sum: (any Storage)?
    weak var scaled: (any Storage)?
    let loss: Tensor
    do {
      let y = x + x
      let z = (3 * y).converted(to: .float64)
      (sum, scaled) = (y.storage, z.storage)
      loss = z.sum()
    }
    #expect(sum == nil && scaled == nil)
    loss.backward()
    #expect(x.gradient!.floats() == [6, 6, 6, 6])
  }

  @Test func aDeepGraphNeedsNoDeepStack() {
    let x = Numbers.normal([1]).leaf(.float64)
    var y = x + 0
    for _ in 0..<5_000 { y = y + 1 }
    y.sum().backward()
    #expect(x.gradient!.item() == 1)
  }

  @Test func backwardOfManyNumbersTraps() async {
    await #expect(processExitsWith: .failure) { Tensor.zeros([2], backend: CPUBackend()).backward() }
  }
}
