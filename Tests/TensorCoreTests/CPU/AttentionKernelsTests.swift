import Randomness
import Testing

@testable import TensorCore

/// The fused kernels against attention by products in float64.
@Suite struct AttentionKernelsTests {
  private static let inf = Double.infinity

  enum Bias: CaseIterable {
    case none
    case keys
    case itemKeys
    case queries
    case itemQueries
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var batch = 2
    var heads = 2
    var queries: Int
    var keys: Int
    var width: Int
    var testDescription: String { "\(batch) × \(heads) heads of \(width), \(queries) queries × \(keys) keys" }
  }

  /// Around the widths of vectors, tiles, panels and strips.
  static let small = [
    Case(queries: 1, keys: 1, width: 1), Case(queries: 1, keys: 5, width: 8), Case(queries: 3, keys: 1, width: 64),
    Case(queries: 6, keys: 16, width: 16), Case(queries: 7, keys: 17, width: 20), Case(queries: 19, keys: 19, width: 9),
    Case(heads: 1, queries: 13, keys: 65, width: 33),
  ]
  static let large = [
    Case(batch: 1, heads: 3, queries: 50, keys: 50, width: 64), Case(heads: 1, queries: 65, keys: 63, width: 48),
    Case(batch: 1, queries: 7, keys: 500, width: 64), Case(batch: 1, heads: 1, queries: 131, keys: 145, width: 70),
    Case(heads: 1, queries: 2, keys: 49, width: 144),
  ]
  static let cases = small.flatMap { c in Bias.allCases.map { (c, $0) } } + large.map { ($0, .itemQueries) }

  /// What a case computes: the output, dQuery, dKey and dValue.
  struct Results: Equatable {
    var output: [Double]
    var gradients: [[Double]]
  }

  /// Query, key and value are columns of wider tensors, with numbers between that nobody may touch or read.
  private func results(_ c: Case, _ kind: Bias, _ dtype: DType, rounded: Bool) -> Results {
    var shape = AttentionShape(batch: c.batch, heads: c.heads, queries: c.queries, keys: c.keys, width: c.width)
    let inner = c.heads * c.width
    let tensor = { (rows: Int, columns: Int, seed: UInt64) in
      let numbers = Numbers.normal([c.batch, rows, columns], seed: seed)
      let values = rounded ? numbers.values.map { Double(BFloat16.float(BFloat16.bits(Float($0)))) } : numbers.values
      return Tensor(values, shape: numbers.shape, dtype: dtype, backend: cpu)
    }
    let query = RowBlock(tensor(c.queries, inner + 3, 1), column: 2)
    let memory = tensor(c.keys, 2 * inner + 5, 2)
    let (key, value) = (RowBlock(memory, column: 1), RowBlock(memory, column: inner + 4))
    let dy = RowBlock(tensor(c.queries, inner, 3))
    let bias = bias(c, kind, &shape).map {
      Tensor($0.values, shape: $0.shape, dtype: dtype == .float64 ? .float64 : .float32, backend: cpu)
    }
    let mark = 7.0
    let blank = { (like: Tensor) in
      Tensor([Double](repeating: mark, count: like.count), shape: like.shape, dtype: dtype, backend: cpu)
    }
    let output = RowBlock(blank(query.tensor), column: 2)
    cpu.attention(shape, query: query, key: key, value: value, bias: bias, into: output)
    let dQuery = RowBlock(blank(query.tensor), column: 1)
    let dMemory = blank(memory)
    let (dKey, dValue) = (RowBlock(dMemory, column: 2), RowBlock(dMemory, column: inner + 3))
    cpu.attentionBackward(
      shape, query: query, key: key, value: value, bias: bias, dy: dy, dQuery: dQuery, dKey: dKey, dValue: dValue,
      dBias: nil)
    expectMarks(output, outside: [2..<(2 + inner)], mark)
    expectMarks(dQuery, outside: [1..<(1 + inner)], mark)
    expectMarks(dKey, outside: [2..<(2 + inner), (inner + 3)..<(2 * inner + 3)], mark)
    return Results(
      output: columns(output, inner), gradients: [columns(dQuery, inner), columns(dKey, inner), columns(dValue, inner)])
  }

  /// A bias with keys that nobody sees and edges that do not exist; every query sees its first key.
  private func bias(_ c: Case, _ kind: Bias, _ shape: inout AttentionShape) -> Numbers? {
    guard kind != .none else { return nil }
    shape.biasHasBatch = kind == .itemKeys || kind == .itemQueries
    shape.biasHasQueries = kind == .queries || kind == .itemQueries
    let axes = [shape.biasHasBatch ? c.batch : 1, shape.biasHasQueries ? c.queries : 1, c.keys]
    var bias = Numbers.normal(axes, seed: 4)
    for i in bias.values.indices where i % c.keys > 0 && ((i + i / c.keys) % 3 == 1 || i % c.keys == 2) {
      bias.values[i] = -Self.inf
    }
    return bias
  }

  private func columns(_ block: RowBlock, _ count: Int) -> [Double] {
    let values = block.tensor.doubles()
    return (0..<block.tensor.rowCount).flatMap { row in
      let first = row * block.stride + block.column
      return values[first..<(first + count)]
    }
  }

  private func expectMarks(_ block: RowBlock, outside ranges: [Range<Int>], _ mark: Double) {
    let intact = block.tensor.doubles().enumerated().allSatisfy { index, value in
      value == mark || ranges.contains { $0.contains(index % block.stride) }
    }
    #expect(intact, "numbers beside the columns were overwritten")
  }

  @Test(arguments: cases)
  func float32(_ c: Case, bias: Bias) {
    let exact = results(c, bias, .float64, rounded: false)
    let single = results(c, bias, .float32, rounded: false)
    expectClose(single.output, exact.output, 2e-6, "output")
    for (i, gradient) in exact.gradients.enumerated() {
      expectClose(single.gradients[i], gradient, 2e-6, "gradient \(i)")
    }
  }

  /// Operands are rounded before, so what differs is the rounding of every result to eight bits.
  @Test(arguments: cases)
  func bfloat16(_ c: Case, bias: Bias) {
    let exact = results(c, bias, .float64, rounded: true)
    let half = results(c, bias, .bfloat16, rounded: true)
    for (ours, numbers) in zip([half.output] + half.gradients, [exact.output] + exact.gradients) {
      let largest = numbers.map(abs).reduce(0, max)
      let wrong = zip(ours, numbers).first { abs($0 - $1) > abs($1) / 256 + 2e-6 * max(0.1, largest) || $0.isNaN }
      #expect(wrong == nil)
    }
  }

  @Test(arguments: [DType.float32, .bfloat16])
  func twiceTheSameBits(dtype: DType) {
    let once = results(Self.large[0], .none, dtype, rounded: false)
    #expect(results(Self.large[0], .none, dtype, rounded: false) == once)
  }

  /// The sums of a head do not depend on which others are computed in the same call.
  @Test(arguments: [DType.float32, .bfloat16])
  func oneItemIsAsItIsAmongOthers(dtype: DType) {
    let packed = Numbers.normal([3, 50, 3 * 128]).tensor(dtype)
    let all = packed.selfAttention(heads: 2).floats()
    let last = packed.slice(at: 2 * 50 * 3 * 128, shape: [1, 50, 3 * 128]).selfAttention(heads: 2).floats()
    #expect(all.suffix(50 * 128) == last[...])
  }

  /// A query that sees no key has no attention, and says so.
  @Test func noKeyAtAllIsNotANumber() {
    let mask = Tensor([-Float.infinity, -.infinity], shape: [2], backend: cpu)
    let y = Numbers.normal([1, 2, 3 * 16]).tensor(.float32).selfAttention(heads: 1, bias: mask).floats()
    #expect(!y.contains { !$0.isNaN })
  }

  @Test(arguments: [DType.float32, .bfloat16])
  func aNumberThatIsNoneSpreadsToItsHead(dtype: DType) {
    var packed = Numbers.normal([1, 20, 3 * 32])
    packed.values[5 * 96 + 32] = .nan  // the first key column of token 5, of the first head
    let y = packed.tensor(dtype).selfAttention(heads: 2).floats()
    for (i, number) in y.enumerated() { #expect(number.isNaN == (i % 32 < 16)) }
  }
}
