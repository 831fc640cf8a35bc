import TensorCore
import Testing

@testable import CUDAWorker

/// Products of every kind against sums in float64 over the same rounded operands.
@Suite struct ProductTests {
  /// cuBLASLt takes the even sizes in every format; the odd ones need the own kernel in bfloat16.
  static let sizes = [
    (rows: 20, columns: 34, inner: 38), (rows: 17, columns: 67, inner: 33), (rows: 1, columns: 1, inner: 5),
  ]

  @Test(arguments: ProductCase.Formats.all, ProductCase.Arrangement.allCases)
  func agreesWithFloat64(_ formats: ProductCase.Formats, _ arrangement: ProductCase.Arrangement) throws {
    try forEveryCase(formats, arrangement) { c, backend in
      c.run(on: backend)
      #expect(c.error() < c.tolerance, "\(c)")
      if c.size == Self.sizes[0] { #expect(!backend.products.choices.contains("\(c.shape): own kernel")) }
    }
  }

  @Test(arguments: ProductCase.Formats.all, ProductCase.Arrangement.allCases)
  func ownKernelAgreesWithFloat64(_ formats: ProductCase.Formats, _ arrangement: ProductCase.Arrangement) throws {
    try forEveryCase(formats, arrangement) { c, backend in
      backend.productByKernel(c.shape, c.operands)
      #expect(c.error() < c.tolerance, "\(c)")
    }
  }

  private func forEveryCase(
    _ formats: ProductCase.Formats, _ arrangement: ProductCase.Arrangement, _ check: (ProductCase, CUDABackend) -> Void
  ) throws {
    for size in Self.sizes {
      for addition in ProductCase.Addition.allCases {
        for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
          try EmulatedGPU.run { backend in
            check(ProductCase(formats, size, arrangement, addition, transposingA: ta, transposingB: tb), backend)
          }
        }
      }
    }
  }

  /// As a weight gradient: a long inner axis, split, with its parts in the workspace. What is beyond whole tiles comes
  /// after it, but not onto a sum that was rounded to bfloat16.
  @Test(arguments: ProductCase.Formats.all, ProductCase.Arrangement.allCases)
  func sumsALongInnerAxis(_ formats: ProductCase.Formats, _ arrangement: ProductCase.Arrangement) throws {
    let odd = formats.result == .bfloat16 ? "1 split" : "4 splits; from 2944 on algorithm 0, tile 0, 1 split"
    for (inner, end) in [(2944, "4 splits"), (3000, odd)] {
      for addition in ProductCase.Addition.allCases {
        let transposed = addition != .bias
        try EmulatedGPU.run { backend in
          let c = ProductCase(
            formats, (12, 20, inner), arrangement, addition, transposingA: transposed, transposingB: !transposed)
          c.run(on: backend)
          #expect(c.error() < c.tolerance, "\(c)")
          let choice = backend.products.choices.filter { $0.hasPrefix("\(c.shape):") }
          #expect(!choice.isEmpty && choice.allSatisfy { $0.hasSuffix(", tile 0, \(end)") }, "\(choice)")
        }
      }
    }
  }

  @Test(arguments: ProductCase.Formats.all, ProductCase.Addition.allCases)
  func isTheSameTwice(_ formats: ProductCase.Formats, _ addition: ProductCase.Addition) throws {
    for size in [(rows: 20, columns: 34, inner: 2500), (rows: 17, columns: 67, inner: 333)] {
      try EmulatedGPU.run { backend in
        let runs = (0..<2).map { _ in
          let c = ProductCase(formats, size, .single, addition)
          c.run(on: backend)
          return c.c.tensor.elementBytes
        }
        #expect(runs[0] == runs[1])
      }
    }
  }

  /// A sum over nothing is zero, the bias, or what was there.
  @Test(arguments: ProductCase.Formats.all, ProductCase.Addition.allCases)
  func sumsOverNothing(_ formats: ProductCase.Formats, _ addition: ProductCase.Addition) throws {
    try EmulatedGPU.run { backend in
      let c = ProductCase(formats, (5, 7, 0), .single, addition)
      c.run(on: backend)
      #expect(c.error() < c.tolerance, "\(c)")
    }
  }

  @Test(arguments: [(0, 4, 3), (4, 0, 3)])
  func leavesNothingOfNothing(_ rows: Int, _ columns: Int, _ inner: Int) throws {
    try EmulatedGPU.run { backend in
      let c = ProductCase(.all[0], (rows, columns, inner))
      c.run(on: backend)
      #expect(c.c.tensor.doubles().allSatisfy { $0.isNaN })
    }
  }
}
