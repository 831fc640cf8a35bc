import TensorCore
import Testing

@Suite struct AttentionTests {
  private static let inf = Double.infinity

  /// Every second key of every item hidden, but never the first.
  private func keyMask(_ shape: [Int]) -> Numbers {
    let keys = shape.last!
    let count = shape.reduce(1, *)
    return .constant((0..<count).map { $0 % keys > 0 && ($0 + $0 / keys) % 2 == 1 ? -Self.inf : 0 }, shape)
  }

  /// Trained numbers with some edges that do not exist; the diagonal always does.
  private func graph(_ shape: [Int]) -> Numbers {
    var bias = Numbers.normal(shape, seed: 5)
    let keys = shape.last!
    let queries = shape[shape.count - 2]
    for i in bias.values.indices where i % 3 == 1 && i % keys != (i / keys) % queries { bias.values[i] = -Self.inf }
    return bias
  }

  @Test(arguments: [(1, 1, 1, 1), (2, 3, 2, 5), (3, 1, 1, 4), (2, 5, 2, 3)])
  func toItself(batch: Int, tokens: Int, heads: Int, width: Int) {
    let packed = Numbers.normal([batch, tokens, 3 * heads * width])
    expectRightGradients([packed]) { $0[0].selfAttention(heads: heads) }
    for shape in [[tokens], [batch, 1, tokens], [1, 1, tokens]] {
      expectRightGradients([packed, keyMask(shape)]) { $0[0].selfAttention(heads: heads, bias: $0[1]) }
    }
    for shape in [[tokens, tokens], [batch, tokens, tokens], [1, tokens, tokens]] {
      expectRightGradients([packed, graph(shape)]) { $0[0].selfAttention(heads: heads, bias: $0[1]) }
      expectRightGradients([packed.untracked(), graph(shape)]) { $0[0].selfAttention(heads: heads, bias: $0[1]) }
      expectRightGradients([packed, graph(shape).untracked()]) { $0[0].selfAttention(heads: heads, bias: $0[1]) }
    }
  }

  @Test(arguments: [(1, 1, 1, 1, 1), (2, 3, 5, 2, 3), (3, 1, 4, 1, 5), (2, 6, 2, 3, 2)])
  func toAMemory(batch: Int, queries: Int, keys: Int, heads: Int, width: Int) {
    let q = Numbers.normal([batch, queries, heads * width])
    let memory = Numbers.normal([batch, keys, 2 * heads * width], seed: 2)
    expectRightGradients([q, memory]) { $0[0].attention(to: $0[1], heads: heads) }
    expectRightGradients([q.untracked(), memory]) { $0[0].attention(to: $0[1], heads: heads) }
    expectRightGradients([q, memory.untracked()]) { $0[0].attention(to: $0[1], heads: heads) }
    for shape in [[keys], [batch, 1, keys]] {
      expectRightGradients([q, memory, keyMask(shape)]) { $0[0].attention(to: $0[1], heads: heads, bias: $0[2]) }
    }
    let full = Numbers.normal([batch, queries, keys], seed: 3)
    expectRightGradients([q, memory, full]) { $0[0].attention(to: $0[1], heads: heads, bias: $0[2]) }
    let shared = Numbers.normal([queries, keys], seed: 4)
    expectRightGradients([q, memory, shared]) { $0[0].attention(to: $0[1], heads: heads, bias: 0.5 * $0[2]) }
  }

  @Test func aHiddenKeyHasNoInfluence() {
    let mask = Tensor([0, -Double.infinity, 0], shape: [3], backend: cpu)
    var packed = Numbers.normal([1, 3, 6])
    let before = packed.tensor(.float32).selfAttention(heads: 1, bias: mask).floats()
    for column in 8..<12 { packed.values[column] = 1e3 }  // the key and value of the second token
    let after = packed.tensor(.float32).selfAttention(heads: 1, bias: mask).floats()
    #expect(before == after)
  }

  /// The same operands in float32 and bfloat16, with a mask in float32.
  @Test func ofBFloat16() {
    let packed = Numbers.normal([2, 7, 3 * 40])
    let query = Numbers.normal([2, 5, 40], seed: 2)
    let memory = Numbers.normal([2, 7, 2 * 40], seed: 3)
    let mask = keyMask([2, 1, 7]).tensor(.float32)
    expectLikeFloat32([packed]) { $0[0].selfAttention(heads: 2, bias: mask) }
    expectLikeFloat32([packed]) { $0[0].selfAttention(heads: 5) }
    expectLikeFloat32([query, memory]) { $0[0].attention(to: $0[1], heads: 2, bias: mask) }
    expectLikeFloat32([query, memory]) { $0[0].attention(to: $0[1], heads: 5) }
  }

  private func expectLikeFloat32(
    _ inputs: [Numbers], sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Tensor]) -> Tensor
  ) {
    let rounded = inputs.map { Numbers($0.tensor(.bfloat16).doubles(), shape: $0.shape) }
    let results = [DType.float32, .bfloat16].map { dtype in
      var gradients = [[Double]](repeating: [], count: inputs.count)
      let tracked = Numbers.normal([1]).leaf(.float32)
      let operands = rounded.enumerated().map { i, numbers in
        numbers.tensor(dtype).record(from: tracked) { dy, _ in gradients[i] = dy.doubles() }
      }
      let y = function(operands)
      #expect(y.dtype == dtype)
      let seed = Numbers.normal(y.shape, seed: 9).tensor(.bfloat16).doubles()
      y.backward(from: Tensor(seed, shape: y.shape, dtype: dtype, backend: cpu))
      return [y.doubles()] + gradients
    }
    for (half, single) in zip(results[1], results[0]) {
      // Half a unit of the last of eight bits.
      expectClose(half, single, 1.0 / 256, "bfloat16", sourceLocation)
    }
  }
}
