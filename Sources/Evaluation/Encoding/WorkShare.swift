import Collectives
import Faults

/// Items dealt to the ranks in whole batches: batch b goes to rank b mod R.
///
/// Whole batches, because the rounding of a matrix product may depend on what else is in it: so every item is computed
/// in the same company whatever the rank count, and the result is the same bit for bit.
struct WorkShare {
  let itemCount: Int
  let batchSize: Int
  let rankCount: Int

  func batches(of rank: Int) -> [Range<Int>] {
    stride(from: rank * batchSize, to: itemCount, by: rankCount * batchSize).map {
      $0..<min($0 + batchSize, itemCount)
    }
  }

  func itemCount(of rank: Int) -> Int { batches(of: rank).reduce(0) { $0 + $1.count } }

  /// The values of every item in order, on every rank. Collective.
  ///
  /// - Parameter mine: `width` values for each item of this rank's batches, in order.
  func allGather<Value: BitwiseCopyable>(
    _ mine: [Value], width: Int, zero: Value, _ communicator: any Communicator
  ) throws -> [Value] {
    let all = try communicator.allGather(mine.withUnsafeBytes { Array($0) })
    var values = [Value](repeating: zero, count: itemCount * width)
    try values.withUnsafeMutableBytes { values in
      let itemByteCount = width * MemoryLayout<Value>.stride
      for (rank, bytes) in all.enumerated() {
        guard bytes.count == itemCount(of: rank) * itemByteCount else {
          throw Fault(.ranksDiverged, "Rank \(rank) sent \(bytes.count) bytes of results, not those of its share")
        }
        bytes.withUnsafeBytes { bytes in
          var start = 0
          for batch in batches(of: rank) {
            let count = batch.count * itemByteCount
            let target = UnsafeMutableRawBufferPointer(rebasing: values[(batch.lowerBound * itemByteCount)...])
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count)]))
            start += count
          }
        }
      }
    }
    return values
  }
}
