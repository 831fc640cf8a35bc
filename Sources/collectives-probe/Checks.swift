import Collectives
import Faults
import Glibc
import Randomness

/// What must hold for every communicator at every rank count. Rank 0 prints a digest of the rounded sums, which the
/// test compares from run to run.
struct Checks {
  let ranks: any Communicator
  private var rank: Int { ranks.rank }
  private var count: Int { ranks.rankCount }

  init(ranks: any Communicator) { self.ranks = ranks }

  func all() throws {
    try exactSums()
    try sumOverABucketsEdge()
    try roundedSums()
    try integers()
    try broadcasts()
    try gathers()
    try gathersInPlace()
    try slices(ranks)
    let duplicate = try ranks.duplicate()
    guard duplicate.rank == rank, duplicate.rankCount == count else { throw failed("a duplicate of the same ranks") }
    try slices(duplicate)
    try Checks(ranks: duplicate).broadcasts()
    try duplicate.finalize()
    try ranks.barrier()
    guard ranks.localRank == rank, ranks.localRankCount == count else { throw failed("local ranks on one machine") }
  }

  /// Small whole numbers add exactly in any order, so that every wrong, missing or doubled value shows.
  private func exactSums() throws {
    for valueCount in [0, 1, 2, 3, 5, 127, 1_023, 4_097] {
      for bucket in [8, 12, 1_000, 4_096, 1 << 20, Int.max] where valueCount / (bucket / 4) < 300 {
        func part(_ index: Int, _ rank: Int) -> Int { (index % 1_000) * (rank + 1) }
        let factor = count * (count + 1) / 2
        var floats = (0..<valueCount).map { Float(part($0, rank)) }
        try floats.withUnsafeMutableBufferPointer { try ranks.allReduceSum($0, bucketByteCount: bucket) }
        for index in 0..<valueCount where floats[index] != Float((index % 1_000) * factor) {
          throw failed("float sum of \(valueCount) values in buckets of \(bucket) at \(index)")
        }
        var doubles = (0..<valueCount).map { Double(part($0, rank)) }
        try doubles.withUnsafeMutableBufferPointer { try ranks.allReduceSum($0, bucketByteCount: bucket) }
        for index in 0..<valueCount where doubles[index] != Double((index % 1_000) * factor) {
          throw failed("double sum of \(valueCount) values in buckets of \(bucket) at \(index)")
        }
      }
    }
  }

  /// More than one bucket of the default size, with a mark at its edge.
  private func sumOverABucketsEdge() throws {
    let edge = defaultBucketByteCount / 4
    var values = [Float](repeating: Float(rank + 1), count: edge + 3)
    values[edge] = Float(1_000 * (rank + 1))
    try values.withUnsafeMutableBufferPointer { try ranks.allReduceSum($0) }
    let factor = Float(count * (count + 1) / 2)
    var expected = [Float](repeating: factor, count: edge + 3)
    expected[edge] = 1_000 * factor
    guard memcmp(values, expected, 4 * expected.count) == 0 else { throw failed("sum over a bucket's edge") }
  }

  /// Values that round: the order of the sums shows in their last bits, which must be the same on every rank.
  func roundedSums() throws {
    var digest: UInt64 = 0
    for valueCount in [1, 7, 513, 33_333] {
      var random = RandomStream(seed: 7, "probe", rank, valueCount)
      var values = (0..<valueCount).map { _ in Float(random.uniform(-1, 1)) }
      try values.withUnsafeMutableBufferPointer { try ranks.allReduceSum($0, bucketByteCount: 100_000) }
      for value in values { digest = (digest ^ UInt64(value.bitPattern)) &* 0x100_0000_01b3 }
    }
    let digests = try ranks.allGather(digest)
    guard Set(digests).count == 1 else { throw failed("equal bits on all ranks, got \(digests)") }
    if ranks.isLeader { print("digest \(digest)") }
  }

  private func integers() throws {
    guard try ranks.allReduceSum(rank + 1) == count * (count + 1) / 2 else { throw failed("integer sum") }
    guard try ranks.allReduceMax(rank - 3) == count - 4 else { throw failed("maximum") }
    guard try ranks.allReduceMin(rank - 3) == -3 else { throw failed("minimum") }
    guard try ranks.allReduceMax(rank == 0 ? Int.max : Int.min) == Int.max else { throw failed("greatest integer") }
  }

  private func broadcasts() throws {
    for root in 0..<count {
      for byteCount in [0, 1, 100_003] {
        let sent = bytes(from: root, byteCount)
        guard try ranks.broadcast(rank == root ? sent : nil, from: root) == sent else {
          throw failed("broadcast of \(byteCount) bytes from \(root)")
        }
        var inPlace = rank == root ? sent : [UInt8](repeating: 0, count: byteCount)
        try inPlace.withUnsafeMutableBytes { try ranks.broadcast($0, from: root) }
        guard inPlace == sent else { throw failed("broadcast in place of \(byteCount) bytes from \(root)") }
      }
    }
  }

  private func gathers() throws {
    let high = UInt64.max - 5
    guard try ranks.allGather(high + UInt64(rank % 5)) == (0..<count).map({ high + UInt64($0 % 5) }) else {
      throw failed("gather of integers")
    }
    // Rank 1 has nothing to say, the others differ in length.
    for unit in [0, 1, 1_001, 70_000] {
      func part(_ rank: Int) -> [UInt8] { bytes(from: rank, rank == 1 ? 0 : unit * (rank + 1)) }
      let expected = (0..<count).map(part)
      guard try ranks.allGather(part(rank)) == expected else { throw failed("gather to all, unit \(unit)") }
      for root in 0..<count {
        let gathered = try ranks.gather(part(rank), to: root)
        guard gathered == (rank == root ? expected : nil) else { throw failed("gather to \(root), unit \(unit)") }
      }
    }
  }

  /// Of one length on all ranks, in place; above the probe's message limit too.
  private func gathersInPlace() throws {
    for byteCount in [0, 1, 24, 1_001, 70_003] {
      var all = [UInt8](repeating: 255, count: byteCount * count)
      let own = bytes(from: rank, byteCount)
      try own.withUnsafeBytes { part in try all.withUnsafeMutableBytes { try ranks.allGather(part, into: $0) } }
      guard all == (0..<count).flatMap({ bytes(from: $0, byteCount) }) else {
        throw failed("gather in place of \(byteCount) bytes")
      }
    }
  }

  /// Every rank sends every other a slice of its own.
  private func slices(_ ranks: any Communicator) throws {
    for byteCount in [0, 1, 1_003] {
      func slice(from sender: Int, to receiver: Int) -> [UInt8] { bytes(from: 13 * sender + receiver, byteCount) }
      let sent = (0..<count).flatMap { slice(from: rank, to: $0) }
      var received = [UInt8](repeating: 0, count: sent.count)
      try sent.withUnsafeBytes { sent in
        try received.withUnsafeMutableBytes { try ranks.allToAll(sent, into: $0) }
      }
      guard received == (0..<count).flatMap({ slice(from: $0, to: rank) }) else {
        throw failed("slices of \(byteCount) bytes between all ranks")
      }
    }
  }

  private func bytes(from rank: Int, _ byteCount: Int) -> [UInt8] {
    (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ rank &* 7 &+ 1) }
  }

  private func failed(_ what: String) -> Fault { Fault(.internalError, "not so: \(what)") }
}
