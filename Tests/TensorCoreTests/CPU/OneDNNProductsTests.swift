import Testing

@testable import TensorCore

@Suite(.enabled(if: CPUBackend.hasBFloat16Products)) struct OneDNNProductsTests {
  private func shape(rows: Int) -> OneDNNProductShape {
    OneDNNProductShape(
      rows: rows, columns: 32, inner: 64, a: .init(stride: 64), b: .init(stride: 64, isTransposed: true),
      c: .init(stride: 32), cIsFloat32: true, hasBias: false, accumulates: false, packsB: rows % 2 == 0)
  }

  @Test func theProductUsedLongestAgoGoes() {
    let products = OneDNNProducts(capacity: 3)
    let first = products.product(of: shape(rows: 1))
    for rows in [2, 3] { _ = products.product(of: shape(rows: rows)) }
    #expect(products.product(of: shape(rows: 1)) === first)
    _ = products.product(of: shape(rows: 4))
    #expect(products.count == 3)
    #expect([1, 2, 3, 4].map { products.contains(shape(rows: $0)) } == [true, false, true, true])
  }

  @Test func productsAreRightWhenTheyComeBack() {
    let products = OneDNNProducts(capacity: 2)
    let a = Tensor([Float](repeating: 2, count: 70 * 64), shape: [70, 64], dtype: .bfloat16, backend: cpu)
    let b = Tensor([Float](repeating: 0.5, count: 32 * 64), shape: [32, 64], dtype: .bfloat16, backend: cpu)
    for rows in [5, 70, 6, 33, 5, 70, 6, 33] {
      let c = Tensor.zeros([71, 32], backend: cpu)
      products.run(shape(rows: rows), a.raw, b.raw, into: c.raw, bias: nil)
      #expect(c.floats() == (0..<71).flatMap { [Float](repeating: $0 < rows ? 64 : 0, count: 32) })
    }
    #expect(products.count == 2)
  }

  @Test func aThreadKeepsItsProducts() {
    #expect(OneDNNProducts.ofThisThread === OneDNNProducts.ofThisThread)
  }

  @Test func shapesThatCannotBeAreNamed() async {
    await #expect(processExitsWith: .failure) {
      // Rows that overlap.
      _ = OneDNNProduct(
        OneDNNProductShape(
          rows: 8, columns: 8, inner: 8, a: .init(stride: 2), b: .init(stride: 8), c: .init(stride: 8),
          cIsFloat32: false, hasBias: false, accumulates: false, packsB: false))
    }
  }
}
