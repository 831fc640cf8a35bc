import Collectives
import DurableFiles
import Faults
import Foundation
import Synchronization
import WorkerProcesses

/// Long work of every rank on a thread of its own, while the ranks tell each other now and then how far they are.
///
/// So all stop soon after one fails or is asked to stop, in order and with one message, and one can show how far all
/// are; none waits in a collective call for another's work.
struct RankRounds {
  let communicator: any Communicator
  let cancellation: Cancellation
  /// How far this rank is; asked from the calling thread.
  let counts: () -> BuildCounts
  /// Whether this process was asked to stop.
  let isStopRequested: () -> Bool
  /// Gets the sum over all ranks, and whether all are done.
  let show: (BuildCounts) -> Void

  enum End { case done, stopped }

  /// What a rank tells in a round.
  private struct Word: Codable {
    var doneCount = 0
    var leftOutCount = 0
    var byteCount = 0
    var shardCount = 0
    var isDone = false
    var isStopped = false
    var fault: String?
    var faultCode: Int32?
    var faultPlace: String?
    var faultRemedy: String?

    var counts: BuildCounts {
      BuildCounts(
        doneCount: doneCount, leftOutCount: leftOutCount, byteCount: byteCount, shardCount: shardCount)
    }
  }

  /// The time between two rounds: short at first, for small sets, and at last half a second.
  private static func pause(before round: Int) -> Double { min(0.5, 0.01 * Double(1 << min(round, 6))) }

  /// Returns when `body` has returned on every rank, or was cancelled on every rank since one was asked to stop. Throws
  /// an `AgreedFault` on every rank where `body` threw on one.
  func run(_ body: @escaping @Sendable () throws -> Void) throws -> End {
    let task = BackgroundTask(body)
    defer {
      cancellation.raise()
      task.join()
    }
    var round = 0
    while true {
      // A rank that is done early keeps to the rhythm, so that it does not spin in MPI for the others.
      task.wait(seconds: RankRounds.pause(before: round), wakesAtEnd: communicator.rankCount == 1)
      round += 1
      let words = try exchange(task.result)
      show(words.map(\.counts).reduce(BuildCounts(), +))
      if let rank = words.firstIndex(where: { $0.fault != nil }) {
        let word = words[rank]
        throw AgreedFault(
          fault: Fault(
            word.faultCode.flatMap(ExitCode.init(rawValue:)) ?? .internalError, word.fault ?? "", at: word.faultPlace,
            remedy: word.faultRemedy),
          rank: rank)
      }
      if words.allSatisfy(\.isDone) { return .done }
      if words.contains(where: \.isStopped) { return .stopped }
    }
  }

  private func exchange(_ result: Result<Void, any Error>?) throws -> [Word] {
    let counts = counts()
    var word = Word(
      doneCount: counts.doneCount, leftOutCount: counts.leftOutCount, byteCount: counts.byteCount,
      shardCount: counts.shardCount, isStopped: isStopRequested())
    switch result {
    case nil: break
    case .success: word.isDone = true
    case .failure(let error):
      let fault = error as? Fault ?? Fault(.internalError, "\(error)")
      (word.fault, word.faultCode) = (fault.what, fault.code.rawValue)
      (word.faultPlace, word.faultRemedy) = (fault.place, fault.remedy)
    }
    return try communicator.allGather(Array(JSONEncoder().encode(word))).map { bytes in
      do {
        return try JSONDecoder().decode(Word.self, from: Data(bytes))
      } catch {
        throw Fault(
          .internalError, "A rank does not speak as this one does", remedy: "Start the same program everywhere")
      }
    }
  }
}
