import Glibc

/// Blocks of many kibibytes, cut from long ranges of addresses. A page of the ranges costs memory from its first use
/// until it is given back to the system.
///
/// Blocks are cut from the smallest free extent that is long enough, and grow together again, so that memory which
/// served one batch's sizes serves another's. Where free memory lies in pieces too short for what is asked, their pages
/// go back to the system before others are used, which holds the memory in use to the limit that the caller states.
struct LargeBlocks: ~Copyable {
  /// What is given back at once: small against a block, large against the price of a call.
  static let pageByteCount = 256 << 10
  /// Of the processor's huge pages: one entry of its address table and one fault, where small pages have 512.
  private static let hugePageByteCount = 2 << 20
  private static let regionByteCount = 4 << 30

  /// A range of addresses. Two of them never touch, so that no extent lies in both.
  private struct Region {
    let mapping: (start: UInt, byteCount: Int)
    let start: UInt
    /// Of each page whether there may be memory behind it.
    var isUsed: [Bool]
    var end: UInt { start + UInt(isUsed.count * pageByteCount) }

    /// Those that a block touches.
    func pages(touching start: UInt, _ byteCount: Int) -> Range<Int> {
      let offset = Int(start - self.start)
      return offset / pageByteCount..<(offset + byteCount - 1) / pageByteCount + 1
    }

    /// Those that lie in an extent.
    func pages(within extent: FreeExtents.Extent) -> Range<Int> {
      let offset = Int(extent.start - start)
      let first = (offset + pageByteCount - 1) / pageByteCount
      return first..<max(first, (offset + extent.byteCount) / pageByteCount)
    }
  }

  private var free = FreeExtents()
  private var regions: [Region] = []
  private var usedPageCount = 0

  /// Bytes of memory behind the pages.
  var reservedByteCount: Int { usedPageCount * LargeBlocks.pageByteCount }

  /// What a block of so many bytes takes. Some bytes are left between blocks: tensors are often whole multiples of 4 KiB,
  /// and arrays that begin at the same place of a page compete for the same lines of the cache.
  static func roundedUp(_ byteCount: Int) -> Int { (byteCount + 255) / 256 * 256 + 256 }

  /// `byteCount` bytes, as `roundedUp` made them, at a multiple of 64; nil where the system has none. Pages beyond
  /// `limit` bytes are given back first, if free ones can be found.
  mutating func take(_ byteCount: Int, limit: Int) -> UInt? {
    var start = free.take(byteCount)
    if start == nil, addRegion(byteCount) { start = free.take(byteCount) }
    guard let start else { return nil }
    let index = region(of: start)
    let pages = regions[index].pages(touching: start, byteCount)
    let newCount = regions[index].isUsed[pages].reduce(0) { $0 + ($1 ? 0 : 1) }
    if newCount > 0 {
      let excess = usedPageCount + newCount - limit / LargeBlocks.pageByteCount
      if excess > 0 { giveBack(excess) }
      for page in pages { regions[index].isUsed[page] = true }
      usedPageCount += newCount
    }
    return start
  }

  mutating func give(_ start: UInt, _ byteCount: Int) { free.give(start, byteCount) }

  private func region(of address: UInt) -> Int {
    regions.firstIndex { $0.start <= address && address < $0.end }!
  }

  /// Gives up to `count` pages back, those of the longest extents first.
  private mutating func giveBack(_ count: Int) {
    var rest = count
    for extent in free.extents.sorted(by: { $0.byteCount > $1.byteCount }) where rest > 0 {
      let index = region(of: extent.start)
      let pages = regions[index].pages(within: extent)
      var page = pages.lowerBound
      while page < pages.upperBound, rest > 0 {
        let first = page
        while page < pages.upperBound, rest > 0, regions[index].isUsed[page] {
          regions[index].isUsed[page] = false
          page += 1
          rest -= 1
        }
        if page > first {
          release(regions[index].start + UInt(first * LargeBlocks.pageByteCount), page - first)
        } else {
          page += 1
        }
      }
    }
  }

  private mutating func release(_ start: UInt, _ pageCount: Int) {
    let byteCount = pageCount * LargeBlocks.pageByteCount
    // Refused where a process has locked its memory: it then stays with the pool, free and counted as given back.
    _ = madvise(UnsafeMutableRawPointer(bitPattern: start), byteCount, MADV_DONTNEED)
    usedPageCount -= pageCount
  }

  /// Addresses, and no memory yet: as many as a large model needs, or where the system forbids that, as asked.
  private mutating func addRegion(_ byteCount: Int) -> Bool {
    let page = LargeBlocks.hugePageByteCount
    let needed = (byteCount + page - 1) / page * page
    for size in [max(LargeBlocks.regionByteCount, needed), needed] {
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
      // A page more, of which some part is left behind the region whatever its alignment.
      guard let base = mmap(nil, size + page, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
        continue
      }
      let mapping = (start: UInt(bitPattern: base), byteCount: size + page)
      let start = (mapping.start + UInt(page - 1)) / UInt(page) * UInt(page)
      // Where the system has no huge pages it refuses, and small ones do.
      madvise(UnsafeMutableRawPointer(bitPattern: start), size, MADV_HUGEPAGE)
      let pageCount = size / LargeBlocks.pageByteCount
      regions.append(Region(mapping: mapping, start: start, isUsed: Array(repeating: false, count: pageCount)))
      free.give(start, size)
      return true
    }
    return false
  }

  deinit {
    for region in regions {
      munmap(UnsafeMutableRawPointer(bitPattern: region.mapping.start), region.mapping.byteCount)
    }
  }
}
