import Faults
import Foundation
import ShardFormat

extension FaultTrial {
  static var lyingIndex: FaultTrial {
    FaultTrial(number: 19, name: "an index lies under right hashes", ranks: [2], quickRanks: [2]) { setting in
      let original = try Forgery(folder: World.shared().trainShards)
      let truth = try original.samples()
      let memory = PeakMemory()
      var slowest = 0.0
      var (found, harmless) = (0, 0)
      for field in setting.isQuick ? original.fields.filter({ $0.isFirst }) : original.fields {
        for lie in Forgery.lies {
          var forged = original
          forged.tell(lie, in: field)
          guard forged.index != original.index || forged.shard != original.shard else { continue }  // it was the truth
          let start = DispatchTime.now().uptimeNanoseconds
          let fault = try forged.finding(truth: truth)
          slowest = max(slowest, Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6)
          guard fault == nil || fault?.code == .badData || fault?.code == .inputMissing else {
            throw TrialFailure("\(lie) in \(field): \(fault?.description ?? "")")
          }
          if fault == nil { harmless += 1 } else { found += 1 }
        }
      }
      let growth = try memory.growth(for: "to refuse a lie")
      let moves = [("an overlap", -1), ("a gap", 1), ("an end beyond the file", 1 << 40)]
      let jobs = setting.isQuick ? moves.prefix(1) : moves[...]
      for (what, change) in jobs {
        let damaged = try DamagedShards("lying")
        var forged = original
        forged.move(sample: 2, by: change)
        try damaged.write(forged)
        do {
          try Refusal(code: 65, told: ["\(damaged.folder)/index.sgmn: byte", "overlap or leave a gap"])
            .expectAtStart(of: damaged.run, damaged.train(ranks: setting.ranks))
        } catch { throw TrialFailure("\(what): \(error)") }
      }
      return "\(found) lies found, \(harmless) changed nothing that is read; slowest "
        + String(format: "%.1f ms", slowest) + ", \(growth); \(jobs.count) by real jobs"
    }
  }
}

extension Forgery {
  /// A number of the set's index, or of a shard.
  fileprivate struct Field {
    var isOfIndex: Bool
    var offset: Int
    var width: Int
    /// Of the first sample, picture or line, or of the head.
    var isFirst: Bool
  }

  fileprivate static let lies: [UInt64] = [
    0, 1, 1 << 31, 1 << 32, (1 << 32) - 1, (1 << 63) - 1, 1 << 63, .max, .max - 63,
  ]

  fileprivate var fields: [Field] {
    let head = [(8, 4), (12, 4), (16, 8), (24, 8), (32, 4), (36, 4), (40, 4), (44, 4), (48, 4), (52, 4), (60, 4)]
    let line = [(0, 4), (4, 4), (8, 4), (12, 4), (16, 8), (24, 8), (32, 8), (40, 8)].map { ($0 + shardLineOffset, $1) }
    var fields = (head + line).map { Field(isOfIndex: true, offset: $0.0, width: $0.1, isFirst: true) }
    for sample in 0..<sampleCount {
      for (offset, width) in [(0, 8), (8, 4), (12, 2), (14, 2), (16, 4), (20, 4), (24, 8), (32, 8)] {
        fields.append(
          Field(isOfIndex: false, offset: entryOffset(sample) + offset, width: width, isFirst: sample == 0))
      }
    }
    for picture in 0..<pictureCount {
      for (offset, width) in [(0, 8), (8, 4), (12, 4), (16, 8)] {
        fields.append(
          Field(isOfIndex: false, offset: pictureEntryOffset(picture) + offset, width: width, isFirst: picture == 0))
      }
    }
    for offset in [0, 8, 12, 16, 24] {
      let width = offset == 8 || offset == 12 ? 4 : 8
      fields.append(Field(isOfIndex: false, offset: trailerOffset + offset, width: width, isFirst: true))
    }
    for line in [tableOffset, tableOffset + 32] {
      for (offset, width) in [(0, 4), (4, 4), (8, 8), (16, 8)] {
        fields.append(Field(isOfIndex: false, offset: line + offset, width: width, isFirst: true))
      }
    }
    return fields
  }

  fileprivate mutating func tell(_ lie: UInt64, in field: Field) {
    if field.isOfIndex {
      Forgery.put(lie, width: field.width, at: field.offset, in: &index)
      sealIndex()
    } else {
      // The lines of the shard go into the index of the set as well: both tell the same.
      Forgery.put(lie, width: field.width, at: field.offset, in: &shard)
      seal()
    }
  }

  fileprivate mutating func move(sample: Int, by change: Int) {
    let entry = entryOffset(sample)
    Forgery.put(Forgery.word(shard, entry) &+ UInt64(bitPattern: Int64(change)), at: entry, in: &shard)
    seal()
  }
}
