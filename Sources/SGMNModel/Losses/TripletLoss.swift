import TensorCore

/// Bidirectional max-margin loss between unit vectors (docs/model.md, "Triplet loss").
///
/// With s = a·bᵀ, the hinge of anchor r and negative c is max(0, margin + s[r, c] − s[r, r]), 0 where both are the
/// same product. Axes: N pairs.
public struct TripletLoss: Sendable {
  public let margin: Double
  public let mining: ModelConfiguration.Mining
  /// 1 where two pairs show the same product, (N, N).
  public let same: Tensor

  public init(margin: Double, mining: ModelConfiguration.Mining, same: Tensor) {
    self.margin = margin
    self.mining = mining
    self.same = same
  }

  /// a, b (N, D) -> a scalar. `uniform`, [2, N], is read by `mining: distance` alone.
  public func callAsFunction(_ a: Tensor, _ b: Tensor, uniform: ArraySlice<Double> = []) -> Tensor {
    let scores = a.product(b, transposingOther: true)
    let (rows, columns) = (uniform.prefix(uniform.count / 2), uniform.dropFirst(uniform.count / 2))
    return oneDirection(scores, width: a.columnCount, uniform: rows)
      + oneDirection(scores.transposed(), width: a.columnCount, uniform: columns)
  }

  /// Anchors are the rows of the scores; `same` is symmetric, so it serves both directions.
  private func oneDirection(_ scores: Tensor, width: Int, uniform: ArraySlice<Double>) -> Tensor {
    let positive = scores.diagonal()
    switch mining {
    case .hardest: return hinges(scores, positive).rowMaximum().mean()
    case .violating:
      let hinges = hinges(scores, positive)
      let count = hinges.detached().positiveCount().atLeast(1)
      return hinges.sum() * count.reciprocal()
    case .distance:
      let picks = DistanceSampling.negatives(
        scores: scores.doubles(), same: same.doubles().map { $0 != 0 }, width: width, uniform: Array(uniform))
      let negative = scores.gatheringColumns(
        IndexTensor(picks.map { Int32($0 ?? 0) }, backend: scores.backend)
      ).reshaped(positive.shape)
      let drawn = Tensor(
        picks.map { $0 == nil ? Float(0) : 1 }, shape: positive.shape, dtype: scores.dtype, backend: scores.backend)
      return ((negative - positive + margin).relu() * drawn).mean()
    }
  }

  private func hinges(_ scores: Tensor, _ positive: Tensor) -> Tensor {
    (scores.addingColumn(-1 * positive) + margin).relu().filled(where: same.converted(to: scores.dtype), with: 0)
  }
}
