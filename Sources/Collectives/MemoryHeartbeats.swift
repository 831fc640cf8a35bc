import Synchronization

/// Heartbeat channels between pretended ranks of one process: for tests, and for a rank that has no others.
public final class MemoryHeartbeats: Sendable {
  private struct Pair: Hashable { let sender, receiver: Int }

  /// The message under way from one rank to another; as over MPI there is one at most.
  private let underWay = Mutex<[Pair: [UInt8]]>([:])

  public init() {}

  /// The channel of `rank`.
  public func channel(of rank: Int, peers: [Int]) -> any HeartbeatChannel {
    Channel(rank: rank, peers: peers, heartbeats: self)
  }

  private final class Channel: HeartbeatChannel {
    let rank: Int
    let peers: [Int]
    let heartbeats: MemoryHeartbeats

    init(rank: Int, peers: [Int], heartbeats: MemoryHeartbeats) {
      (self.rank, self.peers, self.heartbeats) = (rank, peers, heartbeats)
    }

    func post(_ bytes: [UInt8], to peer: Int) -> Bool {
      precondition((1...heartbeatByteLimit).contains(bytes.count), "a heartbeat of \(bytes.count) bytes")
      return heartbeats.underWay.withLock { underWay in
        let pair = Pair(sender: rank, receiver: peer)
        guard underWay[pair] == nil else { return false }
        underWay[pair] = bytes
        return true
      }
    }

    func arrivals() -> [(sender: Int, bytes: [UInt8])] {
      heartbeats.underWay.withLock { underWay in
        peers.compactMap { peer in
          underWay.removeValue(forKey: Pair(sender: peer, receiver: rank)).map { (peer, $0) }
        }
      }
    }

    func close() {}
  }
}
