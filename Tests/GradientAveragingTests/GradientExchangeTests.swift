import Collectives
import Faults
import TensorCore
import Testing

@testable import GradientAveraging

@Suite struct GradientExchangeTests {
  private let backend = CPUBackend()

  /// A matrix in 16 ranges of the gradients, and two views of its rows: w·x with parameters that share elements.
  private struct Network {
    let gradients: Tensor
    let whole: Tensor
    let upper: Tensor
    let other: Tensor

    init(_ backend: CPUBackend) {
      let gradients = Tensor.zeros([256], backend: backend)
      let values = Tensor((0..<256).map { Float($0 % 7) - 3 }, shape: [256], backend: backend)
      func parameter(at start: Int, _ shape: [Int]) -> Tensor {
        let parameter = values.slice(at: start, shape: shape)
        parameter.collectGradient(in: gradients.slice(at: start, shape: shape))
        return parameter
      }
      self.gradients = gradients
      whole = parameter(at: 0, [16, 8])
      upper = parameter(at: 64, [8, 8])
      other = parameter(at: 128, [16, 8])
    }

    /// A scalar that depends on every view; `other` is left out where it is not wanted.
    func loss(_ x: Tensor, withOther: Bool = true) -> Tensor {
      let first = (x.product(whole.reshaped([8, 16])).sum() + x.product(upper).sum())
      return withOther ? first + x.product(other.reshaped([8, 16])).sum() : first
    }
  }

  private func input() -> Tensor { Tensor((0..<24).map { Float($0) / 8 - 1 }, shape: [3, 8], backend: backend) }

  /// Gradients and norm of a step on `ranks`, observed or not.
  private func step(_ ranks: any Communicator, _ overlap: Overlap, observed: Bool = true, withOther: Bool = true) throws
    -> (gradients: [Float], sum: GradientSum)
  {
    let network = Network(backend)
    let exchange = try GradientExchange(
      gradients: network.gradients, communicator: ranks, overlap: overlap, bucketByteCount: 128)
    exchange.begin()
    network.loss(input()).backward()
    network.loss(input(), withOther: withOther).backward(observer: observed ? exchange : nil)
    let sum = try exchange.finish()
    try exchange.close()
    return (network.gradients.floats(), sum)
  }

  @Test(arguments: [true, false], [true, false]) func sumsDoNotDependOnOverlap(observed: Bool, withOther: Bool) throws {
    let alone = try step(SoloCommunicator(), .on, observed: observed, withOther: withOther)
    #expect(alone.gradients.contains { $0 != 0 })
    let ranks = PretendRanks(4)
    for overlap in Overlap.allCases {
      let result = try step(ranks, overlap, observed: observed, withOther: withOther)
      #expect(result.gradients == alone.gradients.map { 4 * $0 })
      #expect(abs(result.sum.norm - 4 * alone.sum.norm) <= 1e-6 * result.sum.norm)
      #expect(result.sum.times.journeys.map(\.bucket) == [7, 6, 5, 4, 3, 2, 1, 0])
      #expect(result.sum.wireError == nil)
    }
    #expect(ranks.sums == Array(repeating: 32, count: 24))
  }

  @Test func oneRankOnlyComputesTheNorm() throws {
    let result = try step(SoloCommunicator(), .auto)
    let exact = result.gradients.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(abs(result.sum.norm - exact) <= 1e-6 * exact)
  }

  @Test(arguments: [Overlap.on, .off], [0, 3, 7]) func aFailureOfTheCommunicationIsThrownByFinish(
    overlap: Overlap, call: Int
  ) throws {
    let fault = #expect(throws: Fault.self) { _ = try step(PretendRanks(2, failingCall: call), overlap) }
    #expect(fault?.code == .rankLost)
  }

  @Test func aGradientThatIsNotFiniteShowsInTheNorm() throws {
    for bad in [Float.nan, .infinity] {
      let gradients = Tensor.zeros([256], backend: backend)
      let exchange = try GradientExchange(
        gradients: gradients, communicator: PretendRanks(2), overlap: .on, bucketByteCount: 128)
      gradients.slice(at: 100, shape: [1]).set([bad])
      exchange.begin()
      #expect(try !exchange.finish().norm.isFinite)
      try exchange.close()
    }
  }

  @Test func theTrialEndsWithTheFasterWay() throws {
    var trial = OverlapTrial()
    // Two steps to warm up; then with and without overlap in turn, with one outlier each.
    for (seconds, isOn) in [
      (9.0, false), (9, false), (1, true), (2, false), (30, true), (40, false), (1.2, true), (1.9, false),
    ] {
      #expect(!trial.isOver && trial.isOn == isOn)
      trial.add(seconds)
    }
    #expect(trial.isOver)
    let decision = trial.decision { $0 }
    #expect(decision == OverlapDecision(isOn: true, secondsWith: 1.2, secondsWithout: 2))
    #expect(decision.summary == "overlap on: backward pass and exchange take 1200 ms with it, 2000 ms without")
    // Another rank that started its passes later has the last word.
    #expect(!trial.decision { $0 == 1.9 || $0 == 40 || $0 == 2 ? 0.5 : $0 }.isOn)
  }
}
