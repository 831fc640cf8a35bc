/// What a kernel must know to add rows to rows by number where several meet in one, with no order left to chance: for
/// every target the rows that come to it, in the order of the indices, cut into segments where they are many.
///
/// A target of one segment gets its rows one after the other. Segments of others are summed up by themselves, and their
/// sums added in a second pass: √n of √n rows each where n meet, so that none of the two is long.
struct RowScatter {
  /// Rows to be added, those of a segment together.
  private(set) var sources: [Int32] = []
  /// Where each segment begins in `sources`, and the end of the last.
  private(set) var begins: [Int32] = [0]
  /// The target of each segment, or −1 − p: its sum is partial sum p.
  private(set) var targets: [Int32] = []
  /// Where the partial sums of each target that has some begin, and the end of the last.
  private(set) var partialBegins: [Int32] = [0]
  private(set) var partialTargets: [Int32] = []

  var partialCount: Int { Int(partialBegins.last!) }

  /// Segments shorter than this are not worth a second pass.
  private static let leastSegment = 32

  /// Nil where no two rows meet: then the indices themselves say all. Those below 0 name no target.
  init?(_ indices: [Int32], targetCount: Int) {
    var counts = [Int32](repeating: 0, count: targetCount)
    indices.withUnsafeBufferPointer { indices in
      counts.withUnsafeMutableBufferPointer { counts in
        for index in indices where index >= 0 { counts[Int(index)] += 1 }
      }
    }
    let most = Int(counts.max() ?? 0)
    guard most > 1 else { return nil }
    sources = RowScatter.sources(of: indices, counts: counts)
    cut(counts, into: max(RowScatter.leastSegment, Int(Double(most).squareRoot().rounded(.up))))
  }

  /// The numbers of the indices, sorted by index; equal ones in their order.
  private static func sources(of indices: [Int32], counts: [Int32]) -> [Int32] {
    var next = [Int32](repeating: 0, count: counts.count)
    var total: Int32 = 0
    for target in counts.indices {
      next[target] = total
      total += counts[target]
    }
    return [Int32](unsafeUninitializedCapacity: Int(total)) { sources, count in
      indices.withUnsafeBufferPointer { indices in
        next.withUnsafeMutableBufferPointer { next in
          for (number, index) in indices.enumerated() where index >= 0 {
            sources[Int(next[Int(index)])] = Int32(truncatingIfNeeded: number)
            next[Int(index)] += 1
          }
        }
      }
      count = Int(total)
    }
  }

  private mutating func cut(_ counts: [Int32], into length: Int) {
    let length = Int32(length)
    var begin: Int32 = 0
    for (target, count) in counts.enumerated() where count > 0 {
      if count <= length {
        append(target: Int32(truncatingIfNeeded: target), end: begin + count)
      } else {
        var partial = partialBegins.last!
        for first in stride(from: 0, to: count, by: Int(length)) {
          append(target: -1 - partial, end: begin + min(first + length, count))
          partial += 1
        }
        partialBegins.append(partial)
        partialTargets.append(Int32(truncatingIfNeeded: target))
      }
      begin += count
    }
  }

  private mutating func append(target: Int32, end: Int32) {
    targets.append(target)
    begins.append(end)
  }
}
