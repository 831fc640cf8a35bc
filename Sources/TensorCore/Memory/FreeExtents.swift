/// The free parts of a range of addresses: bookkeeping alone, it touches no memory.
package struct FreeExtents {
  package struct Extent: Equatable {
    package var start: UInt
    package var byteCount: Int
    package var end: UInt { start + UInt(byteCount) }

    package init(start: UInt, byteCount: Int) {
      self.start = start
      self.byteCount = byteCount
    }
  }

  package init() {}

  /// By address. No two touch: what is given back grows together with its neighbours.
  package private(set) var extents: [Extent] = []

  /// The low end of the smallest extent that has `byteCount` bytes; nil where none has.
  package mutating func take(_ byteCount: Int) -> UInt? {
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

  /// Takes a range that lies within one extent.
  package mutating func take(at start: UInt, _ byteCount: Int) {
    guard let index = extents.lastIndex(where: { $0.start <= start }) else { preconditionFailure("memory not free") }
    let (extent, end) = (extents[index], start + UInt(byteCount))
    precondition(end <= extent.end, "memory not free")
    let parts = [
      Extent(start: extent.start, byteCount: Int(start - extent.start)),
      Extent(start: end, byteCount: Int(extent.end - end)),
    ]
    extents.replaceSubrange(index...index, with: parts.filter { $0.byteCount > 0 })
  }

  /// Takes back what `take` gave, or takes in new addresses.
  package mutating func give(_ start: UInt, _ byteCount: Int) {
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
