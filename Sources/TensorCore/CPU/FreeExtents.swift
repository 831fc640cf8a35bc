/// The free parts of a range of addresses: bookkeeping alone, it touches no memory.
struct FreeExtents {
  struct Extent: Equatable {
    var start: UInt
    var byteCount: Int
    var end: UInt { start + UInt(byteCount) }
  }

  /// By address. No two touch: what is given back grows together with its neighbours.
  private(set) var extents: [Extent] = []

  /// The low end of the smallest extent that has `byteCount` bytes; nil where none has.
  mutating func take(_ byteCount: Int) -> UInt? {
    var best: Int?
    for (index, extent) in extents.enumerated() where extent.byteCount >= byteCount {
      if best == nil || extent.byteCount < extents[best!].byteCount { best = index }
    }
    guard let best else { return nil }
    let start = extents[best].start
    if extents[best].byteCount == byteCount {
      extents.remove(at: best)
    } else {
      extents[best] = Extent(start: start + UInt(byteCount), byteCount: extents[best].byteCount - byteCount)
    }
    return start
  }

  /// Takes back what `take` gave, or takes in new addresses.
  mutating func give(_ start: UInt, _ byteCount: Int) {
    var (low, high) = (0, extents.count)
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].start < start { low = middle + 1 } else { high = middle }
    }
    let new = Extent(start: start, byteCount: byteCount)
    precondition(low == 0 || extents[low - 1].end <= start, "memory given back twice")
    precondition(low == extents.count || new.end <= extents[low].start, "memory given back twice")
    let joinsLeft = low > 0 && extents[low - 1].end == start
    let joinsRight = low < extents.count && extents[low].start == new.end
    switch (joinsLeft, joinsRight) {
    case (true, true): extents[low - 1].byteCount += byteCount + extents.remove(at: low).byteCount
    case (true, false): extents[low - 1].byteCount += byteCount
    case (false, true): extents[low] = Extent(start: start, byteCount: byteCount + extents[low].byteCount)
    case (false, false): extents.insert(new, at: low)
    }
  }
}
