import CNVIDIA
import TensorCore

extension CUDABackend {
  /// Rows of a tile, and columns where it holds probabilities.
  private static let tile = 64
  /// Rows are copied 16 bytes at a time.
  private static let alignment = 16

  func isTiled(_ shape: AttentionShape, _ blocks: [RowBlock]) -> Bool {
    [32, 64].contains(shape.width)
      && blocks.allSatisfy {
        $0.tensor.dtype == .bfloat16 && $0.device % CUdeviceptr(Self.alignment) == 0
          && $0.stride * DType.bfloat16.byteCount % Self.alignment == 0
      }
  }

  func attentionOnTiles(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, into result: RowBlock
  ) {
    let kernel = shape.isShort ? "keys\(shape.keyCapacity)" : "long"
    // The queries; keys and values, twice where the next tile is fetched while one is used.
    let tiles = shape.isShort ? 3 : 5
    launch(
      "attention_\(kernel)_width\(shape.width)_bf16",
      LaunchShape(
        blocks: shape.headCount * (shape.isShort ? 1 : Self.tiles(shape.queries)), threads: 64,
        sharedByteCount: tiles * Self.tileByteCount(shape.width)),
      query.arguments + key.arguments + value.arguments + shape.biasArguments(bias) + result.arguments
        + shape.sizeArguments)
  }

  func attentionBackwardOnTiles(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, dy: RowBlock,
    dQuery: RowBlock, dKey: RowBlock, dValue: RowBlock
  ) {
    let tile = Self.tileByteCount(shape.width)
    let operands =
      query.arguments + key.arguments + value.arguments + shape.biasArguments(bias) + dy.arguments
    if shape.isShort {
      // Queries, keys, dy; the probabilities come where the values were.
      launch(
        "attention_backward_keys\(shape.keyCapacity)_width\(shape.width)_bf16",
        LaunchShape(
          blocks: shape.headCount, threads: 64, sharedByteCount: 3 * tile + Self.tileByteCount(Self.tile)),
        operands + dQuery.arguments + dKey.arguments + dValue.arguments + shape.sizeArguments)
      return
    }
    let rowCount = shape.headCount * shape.queries
    let statistics = scratch(byteCount: Self.statisticsCount * rowCount * DType.float32.byteCount)
    let statisticsArguments: [KernelArgument] = [.pointer(statistics.pointer), .count(rowCount)]
    launch(
      "attention_backward_queries_width\(shape.width)_bf16",
      LaunchShape(blocks: shape.headCount * Self.tiles(shape.queries), threads: 128, sharedByteCount: 4 * tile),
      operands + dQuery.arguments + statisticsArguments + shape.sizeArguments)
    launch(
      "attention_backward_keys_width\(shape.width)_bf16",
      LaunchShape(
        blocks: shape.headCount * Self.tiles(shape.keys), threads: 128,
        sharedByteCount: 4 * tile + Self.statisticsCount * Self.tile * DType.float32.byteCount),
      operands + dKey.arguments + dValue.arguments + statisticsArguments + shape.sizeArguments)
    withExtendedLifetime(statistics) {}
  }

  /// Of a row of scores: the largest, 1/Σ exp and Σ p∘dp.
  private static let statisticsCount = 3

  private static func tiles(_ rows: Int) -> Int { (rows + tile - 1) / tile }

  private static func tileByteCount(_ width: Int) -> Int { tile * width * DType.bfloat16.byteCount }
}

extension AttentionShape {
  /// Whether a block holds all queries and keys of a head.
  fileprivate var isShort: Bool { queries <= 64 && keys <= 64 }
  /// Of the least kernel for so many keys.
  fileprivate var keyCapacity: Int { keys <= 56 ? 56 : 64 }

  fileprivate var sizeArguments: [KernelArgument] {
    [.count(heads), .count(queries), .count(keys), .float(Float(1 / Double(width).squareRoot()))]
  }
}
