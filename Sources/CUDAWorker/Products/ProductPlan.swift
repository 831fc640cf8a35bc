import CNVIDIA
import TensorCore

/// How cuBLASLt computes the products of one shape: its descriptors and an algorithm, made once.
///
/// A row-major matrix is its transpose in cuBLASLt's column-major eyes: cᵀ = bᵀ·aᵀ, so that our b is its "A", our a its
/// "B", our columns its rows, and a bias, one number a column, what its epilogue adds to every column vector.
final class ProductPlan {
  let shape: ProductShape
  private let functions: UnsafePointer<nvidia_blas>
  private var product: cublasLtMatmulDesc_t?
  private var leftLayout: cublasLtMatrixLayout_t?
  private var rightLayout: cublasLtMatrixLayout_t?
  private var resultLayout: cublasLtMatrixLayout_t?
  /// What the heuristic offers, its favourite first.
  private(set) var candidates: [cublasLtMatmulHeuristicResult_t] = []
  /// The candidate that is used.
  var choice = 0
  /// Adds the end of the inner axis, where `shape` is only its beginning.
  var rest: ProductPlan?

  /// Asks cuBLASLt once. The host's cost: four small descriptors, and one run of the library's heuristic.
  ///
  /// - Parameter maySplit: whether several partial sums over the inner axis may be added up.
  /// - Throws: `ProductRefusal` where cuBLASLt has no algorithm, or fails.
  init(
    _ shape: ProductShape, bias: CUdeviceptr, candidateCount: Int, maySplit: Bool = true, workspaceByteCount: Int,
    handle: cublasLtHandle_t, functions: UnsafePointer<nvidia_blas>
  ) throws(ProductRefusal) {
    self.shape = shape
    self.functions = functions
    let isDouble = shape.operandFormat == .float64
    let compute = isDouble ? nvidia_compute_float64 : nvidia_compute_float32
    let scale = isDouble ? nvidia_type_float64 : nvidia_type_float32
    try check(functions.pointee.product_create(&product, .init(compute), .init(scale)))
    try set(nvidia_product_transpose_a, to: Int32(shape.b.isTransposed ? nvidia_transposed : 0))
    try set(nvidia_product_transpose_b, to: Int32(shape.a.isTransposed ? nvidia_transposed : 0))
    if shape.biasAlignment != nil {
      try set(nvidia_product_epilogue, to: UInt32(nvidia_epilogue_bias))
      try set(nvidia_product_bias_type, to: Int32(shape.resultFormat.typeOfCUDA))
      // The heuristic looks at its alignment.
      try set(nvidia_product_bias_pointer, to: bias)
    }
    let (m, n, k) = (shape.columns, shape.rows, shape.inner)
    let operands = shape.operandFormat
    leftLayout = try layout(operands, shape.b.isTransposed ? (k, m) : (m, k), shape.b)
    rightLayout = try layout(operands, shape.a.isTransposed ? (n, k) : (k, n), shape.a)
    resultLayout = try layout(shape.resultFormat, (m, n), shape.c)
    candidates = try askHeuristic(
      candidateCount, maySplit: maySplit, workspaceByteCount: workspaceByteCount, handle: handle)
  }

  deinit {
    if let resultLayout { _ = functions.pointee.layout_destroy(resultLayout) }
    if let rightLayout { _ = functions.pointee.layout_destroy(rightLayout) }
    if let leftLayout { _ = functions.pointee.layout_destroy(leftLayout) }
    if let product { _ = functions.pointee.product_destroy(product) }
  }

  /// Queues the product. - Throws: `ProductRefusal` where cuBLASLt does not take it after all, or fails.
  func run(
    _ operands: ProductOperands, _ workspace: DeviceStorage, handle: cublasLtHandle_t, stream: CUstream?
  ) throws(ProductRefusal) {
    if shape.biasAlignment != nil { try set(nvidia_product_bias_pointer, to: operands.bias) }
    let multiply = { [functions] (alpha: UnsafeRawPointer, beta: UnsafeRawPointer) in
      functions.pointee.multiply(
        handle, self.product, alpha, .init(device: operands.b), self.leftLayout, .init(device: operands.a),
        self.rightLayout, beta, .init(device: operands.c), self.resultLayout, .init(device: operands.c),
        self.resultLayout, &self.candidates[self.choice].algo, .init(device: workspace.pointer), workspace.byteCount,
        stream)
    }
    let beta = shape.accumulates ? 1.0 : 0.0
    if shape.operandFormat == .float64 {
      try check(withUnsafePointer(to: 1.0) { one in withUnsafePointer(to: beta) { multiply(one, $0) } })
    } else {
      try check(
        withUnsafePointer(to: Float(1)) { one in withUnsafePointer(to: Float(beta)) { multiply(one, $0) } })
    }
    try rest?.run(shape.rest(of: operands), workspace, handle: handle, stream: stream)
  }

  /// Whether a candidate splits the inner axis.
  var splits: Bool { candidates.contains { !(0...1).contains(number(nvidia_algorithm_splits, of: $0)) } }

  /// -1 where cuBLASLt does not tell.
  private func number(_ attribute: Int, of candidate: cublasLtMatmulHeuristicResult_t) -> Int {
    var value: Int32 = -1
    var written = 0
    let status = withUnsafePointer(to: candidate.algo) {
      functions.pointee.algorithm_get($0, .init(attribute), &value, MemoryLayout<Int32>.size, &written)
    }
    return status == 0 ? Int(value) : -1
  }
}

extension ProductPlan: CustomStringConvertible {
  /// `algorithm 66, tile 23, 1 split`
  var description: String {
    let number = { self.number($0, of: self.candidates[self.choice]) }
    let splits = number(nvidia_algorithm_splits)
    return
      "algorithm \(number(nvidia_algorithm_id)), tile \(number(nvidia_algorithm_tile)), "
      + "\(splits) \(splits == 1 ? "split" : "splits")" + (rest.map { "; from \(shape.inner) on \($0)" } ?? "")
  }
}

extension ProductPlan {
  private func layout(
    _ format: DType, _ size: (rows: Int, columns: Int), _ matrix: ProductShape.Matrix
  ) throws(ProductRefusal) -> cublasLtMatrixLayout_t? {
    var layout: cublasLtMatrixLayout_t?
    // The stride of a single stored row is nobody's, but must not be less than its length.
    let stride = size.columns == 1 ? max(matrix.rowStride, size.rows) : matrix.rowStride
    try check(
      functions.pointee.layout_create(
        &layout, .init(format.typeOfCUDA), UInt64(size.rows), UInt64(size.columns), Int64(stride)))
    guard shape.batch > 1 else { return layout }
    let set = { [functions] (attribute: Int, value: UnsafeRawPointer, byteCount: Int) in
      functions.pointee.layout_set(layout, .init(attribute), value, byteCount)
    }
    var status = withUnsafePointer(to: Int32(shape.batch)) { set(nvidia_layout_batch_count, $0, 4) }
    if status == 0 {
      status = withUnsafePointer(to: Int64(matrix.batchStride)) { set(nvidia_layout_batch_stride, $0, 8) }
    }
    if status != 0, let layout { _ = functions.pointee.layout_destroy(layout) }
    try check(status)
    return layout
  }

  /// The same run twice must give the same bits. The favourite of the heuristic is a function of the shape, the library
  /// and the card, and NVIDIA promises equal bits of equal calls as long as streams that run at once do not share a
  /// workspace: there is one stream. Splits of a long inner axis keep their partial sums in float32 in the workspace and
  /// are added by a step of their own, in its order; the schemes that would round them to the result's format, or add
  /// them block after block into the result, are excluded.
  private func askHeuristic(
    _ candidateCount: Int, maySplit: Bool, workspaceByteCount: Int, handle: cublasLtHandle_t
  ) throws(ProductRefusal) -> [cublasLtMatmulHeuristicResult_t] {
    var preference: cublasLtMatmulPreference_t?
    try check(functions.pointee.preference_create(&preference))
    defer { _ = functions.pointee.preference_destroy(preference) }
    try prefer(preference, nvidia_preference_workspace, UInt64(workspaceByteCount))
    let reductions = maySplit ? nvidia_reduction_in_compute_type : nvidia_no_reduction
    try prefer(preference, nvidia_preference_reductions, UInt32(reductions))
    let alignments = [shape.b.alignment, shape.a.alignment, shape.c.alignment, shape.c.alignment]
    for (i, alignment) in alignments.enumerated() {
      try prefer(preference, nvidia_preference_alignment_a + i, UInt32(alignment))
    }
    var results = [cublasLtMatmulHeuristicResult_t](repeating: .init(), count: candidateCount)
    var count: Int32 = 0
    try check(
      functions.pointee.heuristic(
        handle, product, leftLayout, rightLayout, resultLayout, resultLayout, preference, Int32(candidateCount),
        &results, &count))
    let usable = results.prefix(Int(count)).filter { $0.state == 0 && $0.workspaceSize <= workspaceByteCount }
    if usable.isEmpty { throw ProductRefusal(status: nvidia_blas_not_supported) }
    return Array(usable)
  }

  private func set<Value>(_ attribute: Int, to value: Value) throws(ProductRefusal) {
    try check(
      withUnsafePointer(to: value) {
        functions.pointee.product_set(product, .init(attribute), $0, MemoryLayout<Value>.size)
      })
  }

  private func prefer<Value>(
    _ preference: cublasLtMatmulPreference_t?, _ attribute: Int, _ value: Value
  ) throws(ProductRefusal) {
    try check(
      withUnsafePointer(to: value) {
        functions.pointee.preference_set(preference, .init(attribute), $0, MemoryLayout<Value>.size)
      })
  }

  private func check(_ status: cublasStatus_t) throws(ProductRefusal) {
    if status != 0 { throw ProductRefusal(status: Int(status)) }
  }
}

/// What cuBLASLt answered where it did not compute.
struct ProductRefusal: Error {
  var status: Int

  /// Whether the shape is one that it has no algorithm for, and nothing is wrong.
  var isOfShape: Bool { status == nvidia_blas_not_supported || status == nvidia_blas_invalid_value }
}

extension DType {
  /// CUDA's number of the format (`cudaDataType`).
  var typeOfCUDA: Int {
    switch self {
    case .float32: nvidia_type_float32
    case .float64: nvidia_type_float64
    case .bfloat16: nvidia_type_bfloat16
    }
  }
}

extension UnsafeRawPointer {
  /// An address on the GPU, as libraries in C take it.
  init?(device: CUdeviceptr) { self.init(bitPattern: UInt(device)) }
}

extension UnsafeMutableRawPointer {
  /// An address on the GPU, as libraries in C take it.
  init?(device: CUdeviceptr) { self.init(bitPattern: UInt(device)) }
}
