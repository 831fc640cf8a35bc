import Faults
import TensorCore
import Testing

@testable import CUDAWorker

/// What cuBLASLt is asked, and what happens where it refuses.
@Suite struct ProductLibraryTests {
  private func choices(for c: ProductCase, _ library: ProductLibrary) -> [String] {
    library.choices.filter { $0.hasPrefix("\(c.shape):") }
  }

  @Test func namesItsVersion() throws {
    try EmulatedGPU.run { backend in
      #expect(backend.products.summary == "cuBLASLt 13.0.0")
      #expect(backend.summary.hasSuffix(backend.products.summary))
    }
  }

  @Test func asksOnceForAShape() throws {
    try EmulatedGPU.run { backend in
      let library = try ProductLibrary(backend.device)
      for seed in 1...3 as ClosedRange<UInt64> {
        let c = ProductCase(.all[0], (6, 8, 10), seed: seed)
        #expect(library.multiply(c.shape, c.operands, on: backend))
        #expect(c.error() < 1e-6)
      }
      #expect(library.choices == ["6 × 8 × 10 float32: algorithm 0, tile 0, 1 split"])
    }
  }

  /// A row of bfloat16 that begins in the middle of a word.
  @Test func leavesToTheKernelWhatIsRefused() throws {
    try EmulatedGPU.run { backend in
      let library = try ProductLibrary(backend.device)
      let c = ProductCase(.all[2], (6, 9, 11))
      #expect(!library.multiply(c.shape, c.operands, on: backend))
      #expect(!library.multiply(c.shape, c.operands, on: backend))
      #expect(library.choices == ["6 × 9 × 11 bfloat16: own kernel"])
      #expect(c.c.tensor.doubles().allSatisfy { $0.isNaN })
    }
  }

  @Test func multipliesMatricesThatBeginAnywhere() throws {
    for formats in ProductCase.Formats.all {
      for offset in 0..<4 {
        try EmulatedGPU.run { backend in
          let c = ProductCase(formats, (6, 8, 10), .single, .bias).shifted(by: offset)
          c.run(on: backend)
          #expect(c.error() < c.tolerance, "\(c) at \(offset)")
        }
      }
    }
  }

  /// cuBLASLt's kernels read sixteen bytes of a bias at once.
  @Test(arguments: ProductCase.Formats.all)
  func multipliesWithABiasThatBeginsAnywhere(_ formats: ProductCase.Formats) throws {
    for offset in 1..<4 {
      try EmulatedGPU.run { backend in
        let c = ProductCase(formats, (8, 24, 16), .single, .bias)
        let bias = c.shifted(by: offset).bias
        backend.product(
          c.a, c.b, into: c.c, bias: bias, rows: 8, columns: 24, inner: 16, batch: 1, accumulate: false)
        #expect(c.error() < c.tolerance, "\(c) at \(offset)")
        let choice = backend.products.choices.filter { $0.hasPrefix("\(c.shape):") }
        #expect(!choice.isEmpty && !choice.contains { $0.hasSuffix("own kernel") })
      }
    }
  }

  /// Timing the candidates writes elsewhere: what is accumulated to is read once.
  @Test(arguments: ProductCase.Formats.all, ProductCase.Addition.allCases)
  func choosesByTheClockWhereAsked(_ formats: ProductCase.Formats, _ addition: ProductCase.Addition) throws {
    try EmulatedGPU.run { backend in
      let library = try ProductLibrary(backend.device, candidateCount: 3)
      let c = ProductCase(formats, (6, 8, 1200), .padded, addition)
      var operands = c.operands
      // The library wants the bias in the format of the result.
      let isNarrow = formats.result == .bfloat16
      let bias = isNarrow ? c.bias.map { EmulatedGPU.tensor($0.doubles(), dtype: .bfloat16) } : c.bias
      operands.bias = bias?.device ?? 0
      #expect(library.multiply(c.shape, operands, on: backend))
      #expect(c.error() < c.tolerance, "\(c)")
      #expect(choices(for: c, library).count == 1)
    }
  }

  @Test func computesNothingAfterAFailure() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      let c = ProductCase(.all[0], (6, 8, 10))
      backend.fail(Fault(.internalError, "A failure"))
      c.run(on: backend)
      #expect(backend.products.choices.isEmpty)
    }
  }
}
