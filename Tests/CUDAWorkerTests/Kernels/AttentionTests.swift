import Testing

@testable import CUDAWorker
@testable import TensorCore

/// Attention on the GPU against the CPU's in float64, from the same numbers.
@Suite struct AttentionTests {
  private static let cpu = CPUBackend()
  private static let biases = AttentionCase.Bias.allCases

  /// At most 64 queries and keys of 64 or 32 columns: a head a block.
  static let short =
    [50, 49, 1, 56, 57, 64].map { AttentionCase(queries: $0, keys: $0, layout: .packed) }
    + biases.map { AttentionCase(heads: 3, queries: 50, keys: 50, bias: $0, layout: .packed) } + [
      AttentionCase(batch: 3, heads: 1, queries: 33, keys: 64, bias: .itemKeys),
      AttentionCase(queries: 1, keys: 61, bias: .itemQueries), AttentionCase(queries: 64, keys: 3),
      AttentionCase(heads: 4, queries: 50, keys: 50, width: 32, layout: .packed),
      AttentionCase(heads: 1, queries: 17, keys: 63, width: 32, bias: .itemQueries),
    ]
  /// Tiles of 64 after one another.
  static let long =
    [65, 197].map { AttentionCase(batch: 1, queries: $0, keys: $0, layout: .packed) } + [
      AttentionCase(batch: 2, heads: 1, queries: 50, keys: 130, bias: .itemKeys),
      AttentionCase(batch: 1, heads: 1, queries: 200, keys: 500, bias: .keys),
      AttentionCase(batch: 2, heads: 1, queries: 129, keys: 64, bias: .itemQueries),
      AttentionCase(batch: 1, heads: 1, queries: 2, keys: 193, bias: .queries),
      AttentionCase(batch: 1, heads: 2, queries: 70, keys: 65, width: 32, bias: .itemQueries),
    ]
  /// Neither aligned nor of such widths.
  static let general =
    biases.map { AttentionCase(queries: 7, keys: 17, width: 20, bias: $0, layout: .unaligned) } + [
      AttentionCase(queries: 1, keys: 1, width: 1), AttentionCase(queries: 3, keys: 5, width: 8),
      AttentionCase(heads: 1, queries: 65, keys: 67, width: 48, layout: .unaligned),
      AttentionCase(batch: 1, heads: 1, queries: 9, keys: 70, width: 64, layout: .unaligned),
      AttentionCase(heads: 3, queries: 50, keys: 50, width: 16, layout: .packed),
      AttentionCase(batch: 1, heads: 1, queries: 2, keys: 49, width: 144),
    ]

  private func compare(_ c: AttentionCase, _ dtype: DType, forward: Double, backward: Double) throws {
    let exact = c.results(.float64, rounding: dtype, on: Self.cpu).tensors
    let ours = try EmulatedGPU.run { c.results(dtype, rounding: dtype, on: $0).tensors }
    #expect(ours.count == exact.count)
    for (index, name) in ["output", "dQuery", "dKey", "dValue", "dBias"].prefix(exact.count).enumerated() {
      let largest = exact[index].reduce(0) { max($0, abs($1)) }
      // One key alone has a probability of 1: the exact gradient of its score is 0 or what rounding left of it.
      let error =
        largest < 1e-10 ? ours[index].reduce(0) { max($0, abs($1)) } : relativeError(ours[index], exact[index])
      #expect(error < (index == 0 ? forward : backward), "\(name)")
    }
  }

  @Test(arguments: short + long + general)
  func bfloat16(_ c: AttentionCase) throws { try compare(c, .bfloat16, forward: 4e-3, backward: 5e-3) }

  @Test(arguments: general + [AttentionCase(batch: 1, heads: 3, queries: 50, keys: 50, layout: .packed)])
  func float32(_ c: AttentionCase) throws { try compare(c, .float32, forward: 1e-5, backward: 1e-5) }

  @Test(arguments: general)
  func float64(_ c: AttentionCase) throws { try compare(c, .float64, forward: 1e-12, backward: 1e-12) }

  static let graphs = [
    AttentionCase(batch: 1, heads: 1, queries: 70, keys: 70, width: 8, bias: .queries, hasBiasGradient: true),
    AttentionCase(batch: 3, heads: 2, queries: 5, keys: 9, width: 4, bias: .queries, hasBiasGradient: true),
    AttentionCase(batch: 3, heads: 2, queries: 5, keys: 9, width: 4, bias: .itemQueries, hasBiasGradient: true),
    AttentionCase(batch: 2, heads: 2, queries: 1, keys: 9, width: 4, bias: .itemKeys, hasBiasGradient: true),
  ]

  @Test(arguments: graphs)
  func biasGradientIsAdded(_ c: AttentionCase) throws {
    try compare(c, .float64, forward: 1e-12, backward: 1e-12)
    try compare(c, .float32, forward: 1e-5, backward: 1e-5)
  }

  @Test(
    arguments: [
      (AttentionCase(queries: 50, keys: 50, layout: .packed), DType.bfloat16),
      (AttentionCase(batch: 1, queries: 70, keys: 130, bias: .keys), .bfloat16), (graphs[1], .float32),
    ])
  func twiceTheSameBits(_ c: AttentionCase, dtype: DType) throws {
    let once = try EmulatedGPU.run { c.results(dtype, rounding: dtype, on: $0) }
    let again = try EmulatedGPU.run { c.results(dtype, rounding: dtype, on: $0) }
    #expect(once == again)
  }

  /// Where the scores of all heads do not fit at once, some are computed after the others: the same numbers.
  @Test(arguments: [DType.float32, .float64])
  func headsInParts(dtype: DType) throws {
    try EmulatedGPU.run { backend in
      var shape = AttentionShape(batch: 3, heads: 2, queries: 5, keys: 7, width: 4)
      shape.biasHasQueries = true
      let numbers = { (shape: [Int]) in
        Tensor(
          (0..<shape.reduce(1, *)).map { Double(($0 * 37) % 101) / 50 - 1 }, shape: shape, dtype: dtype,
          backend: backend)
      }
      let (query, memory, dy) = (RowBlock(numbers([3, 5, 8])), numbers([3, 7, 16]), RowBlock(numbers([3, 5, 8])))
      let bias = numbers([5, 7])
      let run = { (budget: Int) in
        let y = EmulatedGPU.poisoned([3, 5, 8], dtype: dtype)
        let dQuery = EmulatedGPU.poisoned([3, 5, 8], dtype: dtype)
        let dMemory = EmulatedGPU.poisoned([3, 7, 16], dtype: dtype)
        let dBias = numbers([5, 7])
        backend.attentionByProducts(
          shape, query: query, key: RowBlock(memory), value: RowBlock(memory, column: 8), bias: bias, into: RowBlock(y),
          scoreBudget: budget)
        backend.attentionBackwardByProducts(
          shape, query: query, key: RowBlock(memory), value: RowBlock(memory, column: 8), bias: bias, dy: dy,
          dQuery: RowBlock(dQuery), dKey: RowBlock(dMemory), dValue: RowBlock(dMemory, column: 8), dBias: dBias,
          scoreBudget: budget)
        return [y, dQuery, dMemory, dBias].map(\.elementBytes)
      }
      let head = 5 * 7 * dtype.byteCount
      let whole = run(AttentionScores.budget)
      #expect(whole == run(1))
      #expect(whole == run(8 * head))
    }
  }

  /// A query that sees no key has no attention, and says so, as on the CPU; one whose first tile of keys is hidden has.
  @Test(arguments: [(3, 64, DType.bfloat16), (66, 64, .bfloat16), (3, 20, .bfloat16), (3, 20, .float64)])
  func noKeyAtAllIsNotANumber(tokens: Int, width: Int, dtype: DType) throws {
    try EmulatedGPU.run { backend in
      let packed = Tensor(
        (0..<(tokens * 3 * width)).map { Double($0 % 7) / 8 }, shape: [1, tokens, 3 * width], dtype: dtype,
        backend: backend)
      let mask = { (hidden: Int) in
        Tensor(
          (0..<tokens).map { $0 < hidden ? -Double.infinity : 0 }, shape: [tokens],
          dtype: dtype == .float64 ? .float64 : .float32, backend: backend)
      }
      #expect(packed.selfAttention(heads: 1, bias: mask(tokens)).doubles().allSatisfy { $0.isNaN })
      #expect(packed.selfAttention(heads: 1, bias: mask(tokens - 1)).doubles().allSatisfy { $0.isFinite })
    }
  }

  @Test func noHeadsAreNoWork() throws {
    try EmulatedGPU.run { backend in
      let packed = Tensor(uninitialized: [0, 50, 3 * 128], dtype: .bfloat16, backend: backend)
      #expect(packed.selfAttention(heads: 2).count == 0)
    }
  }
}
