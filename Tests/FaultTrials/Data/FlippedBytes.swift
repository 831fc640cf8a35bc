import Faults
import Randomness
import ShardFormat

extension FaultTrial {
  static var flippedBytes: FaultTrial {
    FaultTrial(number: 16, name: "bytes of a shard are flipped", ranks: [2, 4], quickRanks: [2]) { setting in
      let original = try Forgery(folder: World.shared().trainShards)
      let truth = try original.samples()
      var stream = RandomStream(seed: setting.seed, "flipped bytes")
      let byteCount = original.shard.count
      // All that is not payload: header, heads of records, indexes, table, trailer; and the whole index of the set.
      let structure = original.structure + (0..<original.index.count).map { byteCount + $0 }
      let count = setting.rounds(quick: 200, full: 10_000)
      let payload = (0..<count).map { _ in 64 + stream.integer(below: byteCount - 64) }
      let chosen = setting.isQuick ? structure.filter { _ in stream.integer(below: 20) == 0 } : structure
      for place in chosen + payload {
        var flipped = original
        flipped.flip(place, by: UInt8(1 + stream.integer(below: 255)))
        guard let fault = try flipped.finding(truth: truth) else { throw TrialFailure("byte \(place): nothing found") }
        guard fault.code == .badData, fault.place != nil else {
          throw TrialFailure("byte \(place): \(fault)")
        }
      }
      let jobs = setting.isQuick ? 2 : 10
      for _ in 0..<jobs {
        let damaged = try DamagedShards("flipped")
        var flipped = original
        let place = 64 + stream.integer(below: original.sampleIndexOffset - 64)
        flipped.flip(place, by: UInt8(1 + stream.integer(below: 255)))
        try damaged.write(flipped)
        try Refusal(code: 65, told: [damaged.shard, "sgmn-shard verify"]).expectOnTheWay(
          of: damaged.run, damaged.train(ranks: setting.ranks), ranks: setting.ranks)
        if setting.isQuick { continue }
        try damaged.expectUnbrokenEnd(ranks: setting.ranks)
      }
      let structural = setting.isQuick ? "a twentieth of \(structure.count)" : "all \(structure.count)"
      return "\(structural) structural bytes and \(count) random ones in memory, \(jobs) by real jobs: all found"
    }
  }
}

extension Forgery {
  /// The bytes of a shard that say what the others are.
  fileprivate var structure: [Int] {
    var places = Array(0..<64) + Array(sampleIndexOffset..<shard.count)
    for sample in 0..<sampleCount { places += record(sample).head..<record(sample).details.lowerBound }
    for picture in 0..<pictureCount {
      places += pictureRecord(picture).head..<pictureRecord(picture).pixels.lowerBound
    }
    return places
  }

  /// Changes a byte of the shard, or, counted on from its end, of the index of the set.
  fileprivate mutating func flip(_ place: Int, by change: UInt8) {
    if place < shard.count { shard[place] ^= change } else { index[place - shard.count] ^= change }
  }
}
