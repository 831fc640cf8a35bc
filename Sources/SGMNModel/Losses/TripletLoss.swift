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

  /// a, b (N, D) -> a scalar.
  ///
  /// - Parameters:
  ///   - presence: which vectors are there, [N] each; nil for all. An anchor needs both of its pair, a negative the one
  ///     that it is compared by, and means are over the anchors there are. The others must be finite; no gradient reaches
  ///     them.
  ///   - uniform: [2, N], read by `mining: distance` alone.
  public func callAsFunction(
    _ a: Tensor, _ b: Tensor, presence: (a: [Bool], b: [Bool])? = nil, uniform: ArraySlice<Double> = []
  ) -> Tensor {
    let scores = a.product(b, transposingOther: true)
    let (rows, columns) = (uniform.prefix(uniform.count / 2), uniform.dropFirst(uniform.count / 2))
    let (forward, backward) = (candidates(presence?.a, presence?.b), candidates(presence?.b, presence?.a))
    return oneDirection(scores, forward, width: a.columnCount, uniform: rows)
      + oneDirection(scores.transposed(), backward, width: a.columnCount, uniform: columns)
  }

  /// What the anchors of one direction, rows, are held against.
  private struct Candidates {
    /// 1 where a column is no negative of a row, (N, N).
    var excluded: Tensor
    var anchorCount: Int
  }

  /// `same` is symmetric, so it serves both directions.
  private func candidates(_ anchors: [Bool]?, _ others: [Bool]?) -> Candidates {
    guard let anchors, let others else { return Candidates(excluded: same, anchorCount: same.rowCount) }
    let isAnchor = zip(anchors, others).map { $0 && $1 }
    let missing = isAnchor.flatMap { isAnchor in others.map { isAnchor && $0 ? Float(0) : 1 } }
    let mask = Tensor(missing, shape: same.shape, dtype: same.dtype, backend: same.backend)
    return Candidates(excluded: same.filled(where: mask, with: 1), anchorCount: isAnchor.count { $0 })
  }

  private func oneDirection(
    _ scores: Tensor, _ candidates: Candidates, width: Int, uniform: ArraySlice<Double>
  ) -> Tensor {
    let positive = scores.diagonal()
    let perAnchor = 1 / Double(max(1, candidates.anchorCount))
    switch mining {
    case .hardest: return perAnchor * hinges(scores, positive, candidates).rowMaximum().sum()
    case .violating:
      let hinges = hinges(scores, positive, candidates)
      let count = hinges.detached().positiveCount().atLeast(1)
      return hinges.sum() * count.reciprocal()
    case .distance:
      let picks = DistanceSampling.negatives(
        scores: scores.doubles(), excluded: candidates.excluded.doubles().map { $0 != 0 }, width: width,
        uniform: Array(uniform))
      let negative = scores.gatheringColumns(
        IndexTensor(picks.map { Int32($0 ?? 0) }, backend: scores.backend)
      ).reshaped(positive.shape)
      let drawn = Tensor(
        picks.map { $0 == nil ? Float(0) : 1 }, shape: positive.shape, dtype: scores.dtype, backend: scores.backend)
      return perAnchor * ((negative - positive + margin).relu() * drawn).sum()
    }
  }

  private func hinges(_ scores: Tensor, _ positive: Tensor, _ candidates: Candidates) -> Tensor {
    (scores.addingColumn(-1 * positive) + margin).relu()
      .filled(where: candidates.excluded.converted(to: scores.dtype), with: 0)
  }
}
