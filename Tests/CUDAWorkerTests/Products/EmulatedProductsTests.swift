import CNVIDIA
import Testing

@testable import CUDAWorker

/// The emulated cuBLASLt refuses what NVIDIA's documentation does: so its consent means something.
@Suite struct EmulatedProductsTests {
  /// A product of 8 × 16 and 16 × 4 in column-major order, as `change` makes it.
  private struct Call {
    var compute = nvidia_compute_float32
    var scale = nvidia_type_float32
    var operands = nvidia_type_bfloat16
    var result = nvidia_type_bfloat16
    var biasType: Int?
    var leadingDimension = 8
    var resultRows = 8
    var alignment = 256

    /// The heuristic's answer: 0 where there is an algorithm.
    func status() throws -> Int {
      _ = EmulatedGPU.libraries
      var table = nvidia_blas()
      #expect(nvidia_fill_blas(try NVIDIALibraries.open(.cublasLt), &table) == nil)
      var (handle, product) = (cublasLtHandle_t?.none, cublasLtMatmulDesc_t?.none)
      #expect(table.create(&handle) == 0)
      defer { _ = table.destroy(handle) }
      #expect(table.product_create(&product, .init(compute), .init(scale)) == 0)
      defer { _ = table.product_destroy(product) }
      if let biasType {
        var (epilogue, type, pointer) = (UInt32(nvidia_epilogue_bias), Int32(biasType), UInt(4096))
        #expect(table.product_set(product, .init(nvidia_product_epilogue), &epilogue, 4) == 0)
        #expect(table.product_set(product, .init(nvidia_product_bias_type), &type, 4) == 0)
        #expect(table.product_set(product, .init(nvidia_product_bias_pointer), &pointer, 8) == 0)
      }
      let sizes = [(operands, 8, 16, leadingDimension), (operands, 16, 4, 16), (result, resultRows, 4, 8)]
      let layouts = sizes.map { type, rows, columns, stride in
        var layout: cublasLtMatrixLayout_t?
        #expect(table.layout_create(&layout, .init(type), UInt64(rows), UInt64(columns), Int64(stride)) == 0)
        return layout
      }
      defer { for layout in layouts { _ = table.layout_destroy(layout) } }
      var preference: cublasLtMatmulPreference_t?
      #expect(table.preference_create(&preference) == 0)
      defer { _ = table.preference_destroy(preference) }
      var alignment = UInt32(self.alignment)
      #expect(table.preference_set(preference, .init(nvidia_preference_alignment_a), &alignment, 4) == 0)
      var found = cublasLtMatmulHeuristicResult_t()
      var count: Int32 = 0
      let status = table.heuristic(
        handle, product, layouts[0], layouts[1], layouts[2], layouts[2], preference, 1, &found, &count)
      #expect((status == 0) == (count == 1))
      // Without room, an algorithm that needs none.
      if status == 0 { #expect(found.workspaceSize == 0) }
      return Int(status)
    }
  }

  private func status(_ change: (inout Call) -> Void) throws -> Int {
    var call = Call()
    change(&call)
    return try call.status()
  }

  @Test func takesWhatIsSupported() throws {
    #expect(try status { _ in } == 0)
    #expect(try status { $0.result = nvidia_type_float32 } == 0)
    #expect(try status { $0.biasType = nvidia_type_bfloat16 } == 0)
    #expect(try status { ($0.result, $0.biasType) = (nvidia_type_float32, nvidia_type_float32) } == 0)
  }

  @Test func refusesTypesThatDoNotGoTogether() throws {
    let refused = nvidia_blas_not_supported
    // A float32 bias beside a bfloat16 result, and the reverse.
    #expect(try status { $0.biasType = nvidia_type_float32 } == refused)
    #expect(try status { ($0.result, $0.biasType) = (nvidia_type_float32, nvidia_type_bfloat16) } == refused)
    #expect(try status { $0.result = nvidia_type_float64 } == refused)
    #expect(try status { $0.operands = nvidia_type_float32 } == refused)
    #expect(try status { $0.compute = nvidia_compute_float64 } == refused)
    // CUBLAS_COMPUTE_32F_FAST_TF32
    #expect(try status { $0.compute = 77 } == refused)
    #expect(try status { $0.scale = nvidia_type_float64 } == refused)
  }

  @Test func refusesSizesThatDoNotFit() throws {
    #expect(try status { $0.resultRows = 7 } == nvidia_blas_invalid_value)
    #expect(try status { $0.leadingDimension = 7 } == nvidia_blas_invalid_value)
  }

  @Test func refusesWhatIsNotAligned() throws {
    #expect(try status { $0.leadingDimension = 9 } == nvidia_blas_not_supported)
    #expect(try status { $0.alignment = 2 } == nvidia_blas_not_supported)
    #expect(try status { $0.alignment = 3 } == nvidia_blas_invalid_value)
  }

  @Test func wantsValuesOfTheirExactSize() throws {
    _ = EmulatedGPU.libraries
    var table = nvidia_blas()
    #expect(nvidia_fill_blas(try NVIDIALibraries.open(.cublasLt), &table) == nil)
    var product: cublasLtMatmulDesc_t?
    #expect(table.product_create(&product, .init(nvidia_compute_float32), .init(nvidia_type_float32)) == 0)
    defer { _ = table.product_destroy(product) }
    var value: Int64 = 1
    let transpose = cublasLtMatmulDescAttributes_t(nvidia_product_transpose_a)
    #expect(Int(table.product_set(product, transpose, &value, 8)) == nvidia_blas_invalid_value)
    #expect(table.product_set(product, transpose, &value, 4) == 0)
    #expect(Int(table.product_set(product, 9, &value, 8)) == nvidia_blas_invalid_value)
  }
}
