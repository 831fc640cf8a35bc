import TensorCore

/// The look-alikes that the matcher must tell a pair from: for every clip the images, and for every image the clips,
/// of other products with the highest similarity v·i + α·asr·title (paper 3.4). Mined without gradient.
public struct HardExamples {
  /// The candidates of one side, the positive first.
  public struct Direction {
    /// Pair numbers, [N, K].
    public var candidates: [Int] = []
    /// False where a row has fewer other products than K − 1, [N, K].
    public var isUsable: [Bool] = []
  }

  /// K
  public let candidateCount: Int
  public let images: Direction
  public let clips: Direction

  /// `similarity` (N clips, N images), `same` 1 where two pairs show the same product (N, N).
  public init(similarity: Tensor, same: Tensor, candidateCount: Int) {
    let k = min(candidateCount, similarity.rowCount)
    self.candidateCount = k
    let others = similarity.detached().filled(where: same, with: -.infinity)
    images = HardExamples.best(of: others, k - 1)
    clips = HardExamples.best(of: others.transposed(), k - 1)
  }

  private static func best(of scores: Tensor, _ count: Int) -> Direction {
    let top = scores.top(count)
    let (indices, values) = (top.indices.values(), top.values.floats())
    var direction = Direction()
    for row in 0..<scores.rowCount {
      let range = (row * count)..<((row + 1) * count)
      direction.candidates += [row] + indices[range].map { Int($0) }
      direction.isUsable += [true] + values[range].map { $0 > -.infinity }
    }
    return direction
  }
}
