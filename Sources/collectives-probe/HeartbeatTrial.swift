import Collectives
import Faults
@preconcurrency import Glibc
import Synchronization

/// Heartbeats of a second thread beside a main thread that is always within a collective call.
///
/// With a rank to stop, that rank stops itself in the middle; the lowest other one ends the job with 81 when it has heard
/// nothing of that rank, and of every other, in a hundred beats. Without one the ranks end in order.
final class HeartbeatTrial: Sendable {
  private let ranks: any Communicator
  private let channel: any HeartbeatChannel
  private let isOver = Atomic(false)

  init(_ ranks: any Communicator) throws {
    self.ranks = ranks
    let count = ranks.rankCount
    guard let channel = try ranks.heartbeatChannel({ rank in (0..<count).filter { $0 != rank } }) else {
      throw Fault(.internalError, "no channel")
    }
    self.channel = channel
  }

  func run(stopping stopped: Int?) throws {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        Unmanaged<HeartbeatTrial>.fromOpaque(context!).takeUnretainedValue().beats()
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
    var values = [Float](repeating: 1, count: 100_000)
    for step in 0..<(stopped == nil ? 200 : Int.max) {
      if step == 100, ranks.rank == stopped { kill(getpid(), SIGSTOP) }
      try values.withUnsafeMutableBufferPointer { try ranks.allReduceSum($0) }
    }
    isOver.store(true, ordering: .sequentiallyConsistent)
    pthread_join(thread, nil)
    try channel.close()
    try ranks.barrier()
    if ranks.isLeader { print("ended in order") }
  }

  private func beats() {
    var heard = [Int](repeating: 0, count: ranks.rankCount)
    var missed = heard
    while !isOver.load(ordering: .sequentiallyConsistent) {
      do {
        for peer in channel.peers {
          _ = try channel.post([UInt8](repeating: UInt8(ranks.rank), count: heartbeatByteLimit), to: peer)
          missed[peer] += 1
        }
        for (sender, bytes) in try channel.arrivals() {
          guard bytes.count == heartbeatByteLimit, bytes.allSatisfy({ $0 == UInt8(sender) }) else {
            throw Fault(.internalError, "a heartbeat of rank \(sender) is not what it sent")
          }
          heard[sender] += 1
          missed[sender] = 0
        }
      } catch {
        print("heartbeats: \(error)")
        ranks.abort(.internalError)
      }
      judge(heard, missed)
      usleep(10_000)
    }
  }

  private func judge(_ heard: [Int], _ missed: [Int]) {
    let silent = channel.peers.filter { missed[$0] > 100 }
    guard let first = silent.first, ranks.rank == (first == 0 ? 1 : 0) else { return }
    let others = channel.peers.filter { !silent.contains($0) && (missed[$0] > 50 || heard[$0] == 0) }
    print("silent: \(silent), and seldom heard: \(others)")
    ranks.abort(.hang)
  }
}
