import Testing

@testable import Parity

/// What a comparison in bf16 sees.
@Suite struct ParityComparisonTests {
  private let comparison = ParityComparison(precision: .bf16)
  private let reference: [Float] = (0..<64).map { Float(($0 * 37) % 19) - 9 }
  private var exact: [Double] { reference.map { Double($0) } }

  private func holds(_ ours: [Double], _ reference: [Float], overall: Double = 1e3) -> [Bool] {
    [
      comparison.row(.output, "x", ours, reference).isWithinTolerance,
      comparison.gradientRow("x", ours, reference, overall: overall).isWithinTolerance,
    ]
  }

  @Test func roundedOperandsPass() {
    #expect(holds(exact, reference) == [true, true])
    #expect(holds(exact.enumerated().map { $1 * ($0 % 2 == 0 ? 1.01 : 0.99) }, reference) == [true, true])
    #expect(holds(exact.map { 1.04 * $0 }, reference) == [true, true])
  }

  @Test(arguments: [1.06, 0.94, 2, 0, -1]) func anotherLengthIsSeen(factor: Double) {
    #expect(holds(exact.map { factor * $0 }, reference) == [false, false])
  }

  @Test func anotherDirectionOfTheSameLengthIsSeen() {
    #expect(holds(exact.reversed(), reference) == [false, false])
  }

  /// The error is the worse of the two, in units of what is tolerated.
  @Test func theErrorOfALengthIsAShareOfItsTolerance() {
    let row = comparison.row(.output, "x", exact.map { 1.025 * $0 }, reference)
    #expect(abs(row.error - 0.5 * row.tolerance) < 1e-9)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity]) func whatIsNotFiniteIsSeen(value: Double) {
    var ours = exact
    ours[5] = value
    let nothing = [Float](repeating: 0, count: reference.count)
    for precision in ParityCheck.Precision.allCases {
      let comparison = ParityComparison(precision: precision)
      for reference in [reference, nothing, nothing.map { _ in 1e-5 }] {
        let rows = [
          comparison.row(.loss, "x", ours, reference), comparison.row(.output, "x", ours, reference),
          comparison.gradientRow("x", ours, reference, overall: 1e3),
        ]
        for row in rows { #expect(!row.isWithinTolerance && row.error == .infinity, "\(row)") }
      }
    }
  }

  /// A gradient that is nothing beside the others must be nothing here too.
  @Test(arguments: [Float(0), 1e-5]) func aGradientThatVanishesIsMeasuredAgainstAll(value: Float) {
    let small = [Float](repeating: value, count: 64)
    #expect(holds(.init(repeating: 0.1, count: 64), small)[1])
    #expect(!holds(.init(repeating: 1, count: 64), small)[1])
  }

  @Test func anOutputThatIsZeroMustBeZero() {
    let zeros = [Float](repeating: 0, count: 64)
    #expect(holds(zeros.map { Double($0) }, zeros)[0])
    #expect(!holds(.init(repeating: 1e-2, count: 64), zeros)[0])
  }
}
