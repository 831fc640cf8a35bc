import TensorCore
import Testing

@Suite struct TensorTests {
  @Test func numbersComeBackAsTheyWereSet() {
    let values: [Double] = [1, -2.5, 1e-3, 4, 5, 6]
    let single = Tensor(values, shape: [2, 3], backend: cpu)
    let double = Tensor(values, shape: [2, 3], dtype: .float64, backend: cpu)
    #expect(single.floats() == values.map { Float($0) } && double.doubles() == values)
    #expect(single.doubles() == values.map { Double(Float($0)) })
    #expect(double.floats() == values.map { Float($0) })
    single.set([Float](repeating: 7, count: 6))
    #expect(single.floats() == [7, 7, 7, 7, 7, 7])
  }

  @Test func shapesAndCounts() {
    let x = Tensor.zeros([2, 3, 4], backend: cpu)
    #expect((x.count, x.rowCount, x.columnCount, x.byteCount) == (24, 6, 4, 96))
    let scalar = Tensor([3.0], shape: [], dtype: .float64, backend: cpu)
    #expect((scalar.count, scalar.rowCount, scalar.columnCount, scalar.byteCount) == (1, 1, 1, 8))
    #expect(scalar.item() == 3)
    let empty = Tensor.zeros([0, 5], backend: cpu)
    #expect(empty.count == 0 && empty.floats().isEmpty)
    #expect(x.description == "Tensor([2, 3, 4], float32)")
  }

  @Test func aViewSetsItsPartAlone() {
    let x = Tensor.zeros([4], dtype: .float64, backend: cpu)
    x.slice(at: 1, shape: [2]).set([5.0, 6])
    #expect(x.doubles() == [0, 5, 6, 0])
  }

  @Test func wrongShapesTrap() async {
    await #expect(processExitsWith: .failure) {
      let worker = CPUBackend()
      _ = Tensor.zeros([2, 3], backend: worker) + Tensor.zeros([3, 2], backend: worker)
    }
    await #expect(processExitsWith: .failure) { _ = Tensor([1.0, 2], shape: [3], backend: CPUBackend()) }
  }

  @Test func indicesComeBack() {
    #expect(IndexTensor([3, -1, 2], backend: cpu).values() == [3, -1, 2])
    #expect(IndexTensor([], backend: cpu).values().isEmpty)
  }
}
