import TensorCore
import Testing

@Suite struct IndexingTests {
  @Test(arguments: [1, 3, 50])
  func rowsByNumber(width: Int) {
    let x = Numbers.normal([4, width])
    let picks: [Int32] = [3, -1, 0, 3, 3, 1]
    expectRightGradients([x]) { $0[0].gatheringRows(picks, shape: [2, 3, width]) }
    expectRightGradients([x]) { (2 * $0[0]).gatheringRows(picks, shape: [6, width]) }
    let y = x.tensor(.float64).gatheringRows(picks, shape: [6, width]).doubles()
    #expect(Array(y[width..<2 * width]) == [Double](repeating: 0, count: width))
    #expect(Array(y[..<width]) == Array(x.values[(3 * width)...]))
  }

  @Test func columnsByNumber() {
    let indices = IndexTensor([4, 0, 0, 1, 2, 3], backend: cpu)
    expectRightGradients([.normal([2, 5])]) { $0[0].gatheringColumns(indices) }
    expectRightGradients([.normal([1, 2, 5])]) { (3 * $0[0]).gatheringColumns(indices) }
    let x = Tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(Double.init), shape: [2, 5], backend: cpu)
    #expect(x.gatheringColumns(indices).floats() == [4, 0, 0, 6, 7, 8])
  }

  @Test(arguments: [1, 5])
  func diagonals(size: Int) {
    expectRightGradients([.normal([size, size])]) { $0[0].diagonal() }
    let x = Numbers.normal([size, size])
    #expect(x.tensor(.float64).diagonal().doubles() == (0..<size).map { x.values[$0 * (size + 1)] })
  }

  @Test func rowsBelowRows() {
    expectRightGradients([.normal([1, 3]), .normal([4, 3], seed: 2)]) { $0[0].concatenatingRows($0[1]) }
    expectRightGradients([.normal([2, 2, 3])]) { $0[0].concatenatingRows($0[0]) }
    expectRightGradients([.normal([2, 3]), .normal([2, 3], seed: 2).untracked()]) { x in
      (2 * x[0]).concatenatingRows(x[1])
    }
  }

  @Test func views() {
    expectRightGradients([.normal([2, 3, 4])]) { $0[0].reshaped([6, 4]).softmax().reshaped([24]) }
    expectRightGradients([.normal([2, 6])]) { x in
      let whole = 2 * x[0]
      return whole.reshaped([3, 4]) * whole.reshaped([3, 4]) + whole.reshaped([3, 4])
    }
  }

  @Test func aRowBeyondTheLastTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor.zeros([2, 3], backend: CPUBackend()).gatheringRows([2], shape: [1, 3])
    }
  }
}
