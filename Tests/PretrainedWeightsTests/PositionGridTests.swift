import Foundation
import ReferenceLibraries
import Testing

@testable import PretrainedWeights

@Suite struct PositionGridTests {
  private func sines(side: Int, width: Int) -> PositionGrid {
    PositionGrid(
      values: (0..<(1 + side * side) * width).map { Float(sin(Double($0))) }, side: side, width: width)
  }

  @Test func theSameGridIsTheSame() {
    #expect(sines(side: 3, width: 2).resized(to: 3) == sines(side: 3, width: 2))
  }

  @Test func aConstantStaysAndTheClassTokenIsKept() {
    let grid = PositionGrid(values: [9, -9] + (0..<16).flatMap { _ in [Float(0.5), 2] }, side: 4, width: 2)
    let larger = grid.resized(to: 7)
    #expect(Array(larger.values[..<2]) == [9, -9])
    #expect(larger.values.count == 2 * (1 + 49))
    for (index, value) in larger.values.enumerated().dropFirst(2) {
      #expect(abs(value - (index % 2 == 0 ? 0.5 : 2)) < 1e-6)
    }
  }

  /// Half way between two places the weights are −3/32, 19/32, 19/32, −3/32; beyond the border stands its value.
  @Test func halfTheSideIsComputedByHand() {
    let grid = PositionGrid(values: [0] + (0..<16).map { [1, 2, 4, 8][$0 % 4] }, side: 4, width: 1)
    #expect(grid.resized(to: 2).values == [0, 1.3125, 6.1875, 1.3125, 6.1875])
  }

  @Test(.enabled(if: ReferencePython.path != nil), arguments: [(7, 5), (7, 12), (14, 16), (2, 9), (3, 1)])
  func itIsPyTorchsBicubic(sides: (Int, Int)) throws {
    let text = try ReferencePython.run("bicubic.py", ["\(sides.0)", "\(sides.1)", "3"])
    let expected = text.split(separator: "\n").compactMap { Float($0) }
    #expect(greatestDifference(sines(side: sides.0, width: 3).resized(to: sides.1).values, expected) < 1e-6)
  }
}
