import Foundation
import Threads

extension RankPlacement {
  /// The placement of this rank, whose kernels have `threadCount` threads; where nothing is known of the machine's
  /// other ranks, it pins nothing. Collective.
  ///
  /// - Parameter isWanted: false pins nothing.
  public static func agreed(threadCount: Int, isWanted: Bool, over communicator: any Communicator) throws
    -> RankPlacement
  {
    let note = ShareNote(
      machine: ShareNote.machineName, localRank: communicator.localRank, threadCount: threadCount,
      cpus: ThreadAffinity.ofThisThread.map { CPUList.text($0) } ?? "", isWanted: isWanted)
    let notes = try communicator.allGather(note.bytes)
    return place(note, among: notes.compactMap { ShareNote($0) }, of: communicator.localRankCount)
  }

  private static func place(_ own: ShareNote, among notes: [ShareNote], of localRankCount: Int) -> RankPlacement {
    let local = notes.filter { $0.machine == own.machine }.sorted { $0.localRank < $1.localRank }
    let shares = local.compactMap(\.share)
    // Containers can share a machine's name and not its memory: their ranks are then counted apart.
    guard shares.count == localRankCount, local.map(\.localRank) == Array(0..<localRankCount) else {
      let alone = own.share ?? Share(allowed: [], threadCount: own.threadCount)
      return RankPlacement(of: 0, among: [alone], on: nil, isWanted: own.isWanted)
    }
    return RankPlacement(
      of: own.localRank, among: shares, on: ProcessorMap.current(), quota: Topology.cpuQuota(),
      isWanted: local.allSatisfy(\.isWanted))
  }
}

/// What a rank says of itself.
private struct ShareNote: Codable {
  var machine: String
  var localRank: Int
  var threadCount: Int
  var cpus: String
  var isWanted: Bool

  var bytes: [UInt8] { (try? JSONEncoder().encode(self)).map { [UInt8]($0) } ?? [] }

  var share: RankPlacement.Share? {
    guard let allowed = CPUList.parse(cpus), !allowed.isEmpty, threadCount > 0 else { return nil }
    return RankPlacement.Share(allowed: allowed, threadCount: threadCount)
  }

  /// Two machines with one host name have still started at different times.
  static var machineName: String {
    ProcessInfo.processInfo.hostName + " " + (SystemText.read("/proc/sys/kernel/random/boot_id") ?? "")
  }
}

extension ShareNote {
  init?(_ bytes: [UInt8]) {
    guard let note = try? JSONDecoder().decode(ShareNote.self, from: Data(bytes)) else { return nil }
    self = note
  }
}
