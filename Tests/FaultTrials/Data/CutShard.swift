import Faults
import Foundation
import ShardFormat

extension FaultTrial {
  static var cutShard: FaultTrial {
    FaultTrial(number: 15, name: "a shard is cut", ranks: [2], quickRanks: [2]) { setting in
      let original = try Forgery(folder: World.shared().trainShards)
      let truth = try original.samples()
      var places = Set([0, 1, original.shard.count - 1])
      for boundary in original.boundaries { places.formUnion([boundary - 1, boundary, boundary + 1]) }
      for (here, next) in zip(original.boundaries, original.boundaries.dropFirst()) { places.insert((here + next) / 2) }
      places = places.filter { $0 < original.shard.count }
      for place in places {
        var cut = original
        cut.shard.removeSubrange(place...)
        try expectFinding(of: cut, truth: truth, "cut at \(place)", told: "the index says \(original.shard.count)")
        // As if the index knew no better: header, trailer and records must tell.
        cut.tellSize()
        try expectFinding(of: cut, truth: truth, "cut at \(place), with an index that knows it", told: "")
      }
      let jobs = setting.isQuick ? [0, original.record(3).pixels.lowerBound + 5] : places.sorted().every(6)
      for place in jobs {
        let damaged = try DamagedShards("cut")
        var cut = original
        cut.shard.removeSubrange(place...)
        try damaged.write(cut)
        let refusal = Refusal(
          code: 65,
          told: ["\(damaged.shard): byte \(place)", "\(place) bytes, the index says \(original.shard.count)", "Copy"])
        try refusal.expectAtStart(of: damaged.run, damaged.train(ranks: setting.ranks))
      }
      return "\(places.count) cuts found twice in memory, \(jobs.count) by real jobs at their start"
    }
  }

  /// Throws unless something is found, as bad data, with file, byte and remedy.
  private static func expectFinding(of forgery: Forgery, truth: [Sample], _ what: String, told: String) throws {
    guard let fault = try forgery.finding(truth: truth) else { throw TrialFailure("\(what): nothing is found") }
    guard fault.code == .badData, fault.place?.contains(": byte ") == true, told.isEmpty || fault.what.contains(told),
      fault.remedy?.isEmpty == false
    else { throw TrialFailure("\(what): \(fault)") }
  }
}

extension Array {
  /// Every `count`-th element, the first and the last among them.
  fileprivate func every(_ count: Int) -> [Element] {
    indices.filter { $0 % count == 0 || $0 == indices.last }.map { self[$0] }
  }
}
