/// In which order the gradients of a step are added up.
public enum SummationOrder: Sendable, Equatable {
  /// That of MPI or NCCL. Its bits depend on the number of ranks.
  case ofRanks
  /// In a binary tree, ((g₀ + g₁) + (g₂ + g₃)) + …, of the gradients that the ranks bring: rank r of n brings those
  /// numbered r·`perRank` ..< (r + 1)·`perRank`, one after the other. Both n and `perRank` are powers of two. Its bits
  /// depend on n·`perRank` alone.
  case tree(perRank: Int)

  /// Gradients that a rank brings to a step.
  var countPerRank: Int {
    switch self {
    case .ofRanks: 1
    case .tree(let perRank): perRank
    }
  }

  /// Whether every rank count adds in one order.
  public var isFixed: Bool { self != .ofRanks }
}
