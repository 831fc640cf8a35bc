import Collectives
import DataLoading
import Faults
import Foundation

extension Trainer {
  /// Notes the damaged samples of a step, on every rank those of all. A sample counts once, however often it comes.
  ///
  /// Throws on every rank where more were replaced than the run may.
  func countReplaced(_ own: [SkippedSample]) throws {
    let new = own.filter { !state.replacedSamples.contains($0.sampleNumber) }
    for skip in new { logger.warning("another stands in for damaged sample \(skip.sampleNumber): \(skip.fault)") }
    let numbers = new.map { UInt64($0.sampleNumber) }.withUnsafeBytes { Array($0) }
    var all = Set(state.replacedSamples)
    for bytes in try communicator.allGather(numbers) {
      bytes.withUnsafeBytes { bytes in
        for offset in stride(from: 0, to: bytes.count, by: 8) {
          all.insert(Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
      }
    }
    state.replacedSamples = all.sorted()
    let budget = configuration.data.skipBudget
    guard all.count > budget else { return }
    try communicator.together {
      guard var fault = (new.last ?? own.last)?.fault else { return }
      fault.what = "\(all.count) different samples are damaged, data.skip_budget is \(budget); the last: \(fault.what)"
      throw fault
    }
  }

  /// Says what is slow where a rank waited for data for more than a tolerable share of the time. Collective.
  func reportWaiting() throws {
    guard let own = waitingReporter?.report() else { return }
    let reports = try communicator.allGather([UInt8](JSONEncoder().encode(own)))
    guard communicator.isLeader else { return }
    let all = try reports.map { try JSONDecoder().decode(DataWaiting.self, from: Data($0)) }
    guard let rank = all.indices.max(by: { all[$0].share < all[$1].share }),
      all[rank].share > DataWaiting.tolerableShare
    else { return }
    logger.warning(all[rank].line(rank: rank, rankCount: communicator.rankCount))
  }
}
