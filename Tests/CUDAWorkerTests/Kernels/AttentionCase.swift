import Randomness
import Testing

@testable import CUDAWorker
@testable import TensorCore

/// One attention with its gradients, which any backend can compute from the same numbers.
struct AttentionCase: Sendable, CustomTestStringConvertible {
  enum Bias: CaseIterable { case none, keys, itemKeys, queries, itemQueries }

  /// How rows lie in their tensors.
  enum Layout {
    /// q, k, v, and their gradients, in one (batch, tokens, 3·D) tensor each.
    case packed
    /// q beside numbers of nobody, k and v in one tensor with such numbers between; all at multiples of 16 bytes.
    case apart
    /// The same at odd columns of odd strides.
    case unaligned
  }

  /// The output, dQuery, dKey, dValue and, where it was asked for, dBias.
  struct Results: Equatable { var tensors: [[Double]] }

  var batch = 2
  var heads = 2
  var queries: Int
  var keys: Int
  var width = 64
  var bias = Bias.none
  var layout = Layout.apart
  /// Whether the bias has a gradient, on top of numbers that were there before.
  var hasBiasGradient = false

  var testDescription: String {
    "\(batch) × \(heads) heads of \(width), \(queries) × \(keys), bias \(bias), \(layout)"
  }

  private var inner: Int { heads * width }

  private var shape: AttentionShape {
    var shape = AttentionShape(batch: batch, heads: heads, queries: queries, keys: keys, width: width)
    shape.biasHasBatch = batch > 1 && (bias == .itemKeys || bias == .itemQueries)
    shape.biasHasQueries = bias == .queries || bias == .itemQueries
    return shape
  }

  /// Rows and columns of a tensor, and where the blocks in it begin.
  private struct Place {
    var shape: [Int]
    var columns: [Int]
  }

  private var places: [Place] {
    switch layout {
    case .packed: [Place(shape: [batch, queries, 3 * inner], columns: [0, inner, 2 * inner])]
    case .apart:
      [
        Place(shape: [batch, queries, inner + 24], columns: [16]),
        Place(shape: [batch, keys, 2 * inner + 32], columns: [8, inner + 24]),
      ]
    case .unaligned:
      [
        Place(shape: [batch, queries, inner + 3], columns: [2]),
        Place(shape: [batch, keys, 2 * inner + 5], columns: [1, inner + 4]),
      ]
    }
  }

  /// Blocks of query, key and value, or of their gradients, in tensors that `make` gives for shapes.
  private func blocks(_ make: ([Int], Int) -> Tensor) -> [RowBlock] {
    places.enumerated().flatMap { index, place in
      let tensor = make(place.shape, index)
      return place.columns.map { RowBlock(tensor, column: $0) }
    }
  }

  /// Computes everything in `dtype` from the numbers of this case as that of `rounding` has them. Outputs hold NaN before,
  /// and must hold it afterwards beside their blocks.
  func results(_ dtype: DType, rounding: DType, on backend: any Backend) -> Results {
    let normal = { (shape: [Int], seed: Int) in
      Tensor(
        numbers(shape, seed).map { rounding == .bfloat16 ? Double(BFloat16.float(BFloat16.bits(Float($0)))) : $0 },
        shape: shape, dtype: dtype, backend: backend)
    }
    let blank = { (shape: [Int], _: Int) in
      Tensor(
        [Double](repeating: .nan, count: shape.reduce(1, *)), shape: shape, dtype: dtype, backend: backend)
    }
    let operands = blocks(normal)
    let output = RowBlock(blank([batch, queries, inner + 8], 0), column: layout == .unaligned ? 3 : 8)
    let biasTensor = biasTensor(dtype, backend)
    backend.attention(
      shape, query: operands[0], key: operands[1], value: operands[2], bias: biasTensor, into: output)
    let gradients = blocks(blank)
    let dBias = hasBiasGradient ? biasTensor.map { like in normal(like.shape, 7) } : nil
    backend.attentionBackward(
      shape, query: operands[0], key: operands[1], value: operands[2], bias: biasTensor,
      dy: RowBlock(normal([batch, queries, inner], 3)), dQuery: gradients[0], dKey: gradients[1],
      dValue: gradients[2], dBias: dBias)
    let all = [output] + gradients
    expectNothingBeside(all)
    return Results(tensors: all.map(numbers(of:)) + (dBias.map { [$0.doubles()] } ?? []))
  }

  private func numbers(_ shape: [Int], _ seed: Int) -> [Double] {
    var stream = RandomStream(seed: UInt64(seed), purpose: "attention", indices: shape)
    return (0..<shape.reduce(1, *)).map { _ in Double(Float(stream.normal())) }
  }

  /// Keys that nobody sees and edges that do not exist; every query sees its first key. All keys are seen where the bias
  /// has a gradient.
  private func biasTensor(_ dtype: DType, _ backend: any Backend) -> Tensor? {
    guard bias != .none else { return nil }
    let axes = [shape.biasHasBatch ? batch : 1, shape.biasHasQueries ? queries : 1, keys]
    var values = numbers(axes, 5)
    if !hasBiasGradient {
      for i in values.indices where i % keys > 0 && ((i + i / keys) % 3 == 1 || i % keys == 2) {
        values[i] = -.infinity
      }
    }
    return Tensor(values, shape: axes, dtype: dtype == .float64 ? .float64 : .float32, backend: backend)
  }

  private func numbers(of block: RowBlock) -> [Double] {
    let values = block.tensor.doubles()
    return (0..<block.tensor.rowCount).flatMap { row in
      let first = row * block.stride + block.column
      return values[first..<(first + inner)]
    }
  }

  private func expectNothingBeside(_ blocks: [RowBlock]) {
    for block in blocks {
      let own = blocks.filter { $0.tensor === block.tensor }.map { $0.column..<($0.column + inner) }
      let isIntact = block.tensor.doubles().enumerated().allSatisfy { index, value in
        value.isNaN || own.contains { $0.contains(index % block.stride) }
      }
      #expect(isIntact, "numbers beside the columns were overwritten: \(testDescription)")
    }
  }
}
