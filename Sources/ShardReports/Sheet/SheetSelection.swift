import Faults
import Randomness
import ShardFormat

/// Which samples a contact sheet shows.
public struct SheetSelection: Sendable {
  public var count: Int
  /// Draws at random by this seed; nil takes samples at even spacing, or with a category those of seed 0.
  public var seed: UInt64?
  /// Only samples of this category.
  public var category: String?

  public init(count: Int, seed: UInt64? = nil, category: String? = nil) {
    precondition(count >= 1, "a sheet of \(count) samples")
    (self.count, self.seed, self.category) = (count, seed, category)
  }

  /// Ascending numbers of at most `count` different samples: of those with frames, or where none has, of all.
  ///
  /// With a category, samples are looked at in random order until there are enough, which is soon for a common one.
  /// Throws `Fault(.inputMissing)` if there is no sample to show.
  public func numbers(in set: ShardSet) throws -> [Int] {
    let clips = (0..<set.count).filter { set.frameCount(at: $0) > 0 }
    let candidates = clips.isEmpty ? Array(0..<set.count) : clips
    guard !candidates.isEmpty else { throw Fault(.inputMissing, "The set has no samples", at: set.folder) }
    if category == nil, seed == nil {
      let shown = min(count, candidates.count)
      return (0..<shown).map { candidates[shown < 2 ? 0 : $0 * (candidates.count - 1) / (shown - 1)] }
    }
    var stream = RandomStream(seed: seed ?? 0, "contact sheet")
    var order = candidates
    var chosen: [Int] = []
    for place in order.indices {
      order.swapAt(place, place + stream.integer(below: order.count - place))
      if let category, try set.summary(at: order[place]).categoryID != category { continue }
      chosen.append(order[place])
      if chosen.count == count { break }
    }
    guard !chosen.isEmpty else {
      throw Fault(
        .inputMissing, "No sample of category \(category ?? "")", at: set.folder,
        remedy: "sgmn-shard stats lists the categories")
    }
    return chosen.sorted()
  }
}
