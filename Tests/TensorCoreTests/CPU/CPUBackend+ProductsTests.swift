import Dispatch
import Glibc
import Testing

@testable import TensorCore

/// Each way to multiply bfloat16 matrices that this machine has.
private let workers: [CPUBackend] =
  [
    CPUBackend(threadCount: 1, usesBFloat16Products: false)
  ] + (CPUBackend.hasBFloat16Products ? [CPUBackend(threadCount: 1, usesBFloat16Products: true)] : [])

private let sizes: [(rows: Int, columns: Int, inner: Int)] = [
  (1, 1, 1), (1, 7, 50), (7, 1, 50), (50, 7, 1), (7, 50, 513), (50, 513, 7), (513, 1, 7), (1, 513, 1), (50, 50, 64),
  (513, 50, 50), (64, 128, 32), (129, 130, 513),
]

@Suite struct CPUBackendProductsTests {
  @Test(arguments: sizes.indices)
  func bfloat16Products(index: Int) {
    let size = sizes[index]
    for worker in workers {
      for product in ProductCase(rows: size.rows, columns: size.columns, inner: size.inner).transposes() {
        var product = product
        product.expectRight(on: worker)
        product.resultFormat = .float32
        product.expectRight(on: worker)
      }
    }
  }

  @Test(arguments: [DType.float32, .float64], sizes.indices)
  func otherFormats(format: DType, index: Int) {
    let size = sizes[index]
    for product in ProductCase(rows: size.rows, columns: size.columns, inner: size.inner).transposes() {
      var product = product
      (product.format, product.resultFormat) = (format, format)
      product.expectRight(on: cpu)
      (product.gap, product.hasBias) = (3, true)
      product.expectRight(on: cpu)
    }
  }

  @Test(arguments: [1, 3, 32])
  func matricesInsideTensors(gap: Int) {
    for worker in workers {
      for product in ProductCase(rows: 50, columns: 33, inner: 65, gap: gap).transposes() {
        for resultFormat in [DType.bfloat16, .float32] {
          var product = product
          product.resultFormat = resultFormat
          product.expectRight(on: worker)
          product.hasBias = true
          product.expectRight(on: worker)
          (product.hasBias, product.accumulates) = (false, true)
          product.expectRight(on: worker)
        }
      }
    }
  }

  @Test func biasesAndSums() {
    for worker in workers {
      for size in sizes {
        var product = ProductCase(rows: size.rows, columns: size.columns, inner: size.inner, transposesB: true)
        product.hasBias = true
        product.expectRight(on: worker)
        product = ProductCase(
          rows: size.rows, columns: size.columns, inner: size.inner, transposesA: true, resultFormat: .float32,
          accumulates: true)
        product.expectRight(on: worker)
      }
    }
  }

  @Test(arguments: [2, 5])
  func batches(count: Int) {
    for worker in workers {
      for product in ProductCase(rows: 7, columns: 50, inner: 64, batch: count, gap: 2).transposes() {
        var product = product
        product.expectRight(on: worker)
        (product.resultFormat, product.hasBias) = (.float32, true)
        product.expectRight(on: worker)
      }
    }
  }

  /// So many rows that b is packed first.
  @Test func manyRows() {
    let product = ProductCase(rows: 1601, columns: 35, inner: 21, gap: 1)
    for transposesA in [false, true] {
      #expect(
        OneDNNProductShape.packingPays(rows: product.rows, aIsTransposed: transposesA, bIsTransposed: false))
    }
    for worker in workers {
      for product in product.transposes() {
        var product = product
        product.expectRight(on: worker)
        product.hasBias = true
        product.expectRight(on: worker)
        (product.hasBias, product.accumulates, product.resultFormat) = (false, true, .float32)
        product.expectRight(on: worker)
      }
    }
  }

  @Test func withoutAnInnerAxisSumsAreEmpty() {
    for worker in workers {
      for format in [DType.bfloat16, .float32] {
        var product = ProductCase(rows: 3, columns: 5, inner: 0, resultFormat: format)
        product.expectRight(on: worker)
        product.hasBias = true
        product.expectRight(on: worker)
        (product.hasBias, product.accumulates) = (false, true)
        product.expectRight(on: worker)
      }
    }
  }

  @Test(arguments: [2, 3])
  func severalThreadsShareAProduct(threadCount: Int) {
    let worker = CPUBackend(threadCount: threadCount)
    for (rows, columns) in [(900, 35), (35, 900), (130, 130)] {
      for product in ProductCase(rows: rows, columns: columns, inner: 40, hasBias: true).transposes() {
        var product = product
        product.expectRight(on: worker)
        (product.format, product.resultFormat) = (.float32, .float32)
        product.expectRight(on: worker)
      }
    }
    ProductCase(rows: 64, columns: 96, inner: 50, batch: 7).expectRight(on: worker)
    ProductCase(rows: 150, columns: 100, inner: 70, batch: 2, gap: 5).expectRight(on: worker)
  }

  @Test func partsOfAProductTogetherAreTheWhole() {
    let (rows, columns, inner) = (130, 150, 40)
    for (transposesA, transposesB) in [(false, false), (true, true)] {
      let a = Numbers.normal(transposesA ? [inner, rows] : [rows, inner], seed: 1).tensor(.float32)
      let b = Numbers.normal(transposesB ? [columns, inner] : [inner, columns], seed: 2).tensor(.float32)
      let bias = Numbers.normal([columns], seed: 3).tensor(.float32)
      let whole = Tensor.zeros([rows, columns], backend: cpu)
      let inParts = Tensor.zeros([rows, columns], backend: cpu)
      func part(_ c: Tensor) -> ProductPart {
        ProductPart(
          a: MatrixPointer(MatrixOperand(a, isTransposed: transposesA, rowStride: a.columnCount)),
          b: MatrixPointer(MatrixOperand(b, isTransposed: transposesB, rowStride: b.columnCount)),
          c: MatrixPointer(MatrixOperand(c, rowStride: columns)), bias: bias.raw, rows: rows, columns: columns,
          inner: inner)
      }
      cpu.plainProduct(.float32, part(whole), accumulate: false)
      for rows in [0..<64, 64..<130] {
        for columns in [0..<70, 70..<150] {
          cpu.plainProduct(.float32, part(inParts).rows(rows).columns(columns), accumulate: false)
        }
      }
      let difference = zip(whole.floats(), inParts.floats()).map { abs($0 - $1) }.max()!
      #expect(difference < 1e-5)
    }
  }

  /// Threads that multiply at the same time, each with oneDNN objects of its own, agree with one that is alone.
  @Test func threadsMultiplyAtTheSameTime() {
    let products = (0..<6).map { i in
      ProductCase(
        rows: 100 + 50 * (i / 2), columns: 96, inner: 64, transposesB: true,
        resultFormat: i % 2 == 0 ? .bfloat16 : .float32,
        hasBias: true)
    }
    let alone = products.map { $0.result(on: cpu) }
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for repetition in 0..<6 {
        let i = (thread + repetition) % products.count
        let together = products[i].result(on: cpu)
        #expect(together == alone[i], "\(products[i])")
      }
    }
  }

  @Test func theTwoWaysAgreeWithinRounding() throws {
    try #require(workers.count > 0)
    let product = ProductCase(rows: 130, columns: 90, inner: 200, transposesB: true, hasBias: true)
    let results = workers.map { product.result(on: $0) }
    for other in results.dropFirst() {
      for (one, two) in zip(results[0], other) { #expect(abs(one - two) <= 0x1p-7 * max(1e-4, abs(one))) }
    }
  }

  @Test func processorsWithoutBFloat16ProductsAreSeen() async {
    await #expect(processExitsWith: .success) {
      setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1)
      setenv("DNNL_MAX_CPU_ISA", "AVX2", 1)
      precondition(!CPUBackend.hasBFloat16Products)
      let worker = CPUBackend()
      precondition(worker.summary.contains("widened"))
      let ones = Tensor([Float](repeating: 1, count: 64 * 64), shape: [64, 64], dtype: .bfloat16, backend: worker)
      precondition(ones.product(ones).floats() == [Float](repeating: 64, count: 64 * 64))
    }
  }

  @Test func formatsThatDoNotMixTrap() async {
    await #expect(processExitsWith: .failure) {
      let worker = CPUBackend()
      let a = Tensor.zeros([2, 2], backend: worker)
      let b = Tensor([1.0, 2, 3, 4], shape: [2, 2], dtype: .bfloat16, backend: worker)
      _ = a.product(b)
    }
  }
}
