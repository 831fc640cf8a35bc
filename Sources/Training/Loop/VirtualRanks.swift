import Faults
import GradientAveraging

/// The parts into which the batch of a step is cut (`compute.virtual_ranks`), and who computes them.
///
/// Every part has losses of its own, as if a rank had nothing else, so a step is the same whoever computes which. Rank r
/// computes the parts r·`perRank` ..< (r + 1)·`perRank`, one after the other.
struct VirtualRanks: Sendable, Equatable {
  /// Parts of all ranks.
  let count: Int
  /// Parts of each rank.
  let perRank: Int
  let order: SummationOrder

  /// - Parameter configured: `compute.virtual_ranks`; 0 for one part a rank, whose gradients are added up in MPI's order.
  /// - Throws: the fault that so many ranks cannot share the parts.
  init(_ configured: Int, rankCount: Int) throws {
    guard configured > 0 else {
      (count, perRank, order) = (rankCount, 1, .ofRanks)
      return
    }
    guard configured % rankCount == 0 else {
      throw Fault(
        .usage, "\(rankCount) ranks cannot share \(configured) virtual ranks (compute.virtual_ranks) evenly",
        remedy: "Start \(VirtualRanks.choices(configured)) ranks, or run without virtual ranks")
    }
    (count, perRank, order) = (configured, configured / rankCount, .tree(perRank: configured / rankCount))
  }

  func ofRank(_ rank: Int) -> Range<Int> { (rank * perRank)..<((rank + 1) * perRank) }

  /// The rank counts that divide a power of two, as a person reads them.
  private static func choices(_ count: Int) -> String {
    let powers = (0...count.trailingZeroBitCount).map { String(1 << $0) }
    return powers.count == 1 ? "1" : powers.dropLast().joined(separator: ", ") + " or " + powers.last!
  }
}
