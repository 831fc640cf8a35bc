import CMPI
import Faults
@preconcurrency import Glibc

/// Heartbeats over a duplicate of a run's communicator, so that they never meet its other messages.
///
/// Sends are synchronous and nonblocking (`MPI_Issend`): one is over when its receiver has taken it, so nothing piles up
/// in MPI for a rank that takes nothing. A receive is posted for every peer at all times.
// @unchecked: its links are used by one thread at a time, which is the protocol's demand.
final class MPIHeartbeatChannel: HeartbeatChannel, @unchecked Sendable {
  /// Both directions between this rank and a peer.
  private struct Link {
    let peer: Int
    /// `heartbeatByteLimit` bytes each, which MPI may use until the channel is closed.
    let outgoing: UnsafeMutablePointer<UInt8>
    let incoming: UnsafeMutablePointer<UInt8>
    var send: MPI_Request? = MPI_REQUEST_NULL
    var receive: MPI_Request? = MPI_REQUEST_NULL
    /// The peer has said its last word, the empty message.
    var isOver = false
  }

  let peers: [Int]
  private let communicator: MPICommunicator
  private var links: [Link]
  private let tag: Int32 = 81

  /// - Parameters:
  ///   - communicator: of no other use; the channel gives it back when it is closed.
  ///   - peers: each of which names this rank in turn.
  init(over communicator: MPICommunicator, peers: [Int]) throws {
    self.communicator = communicator
    self.peers = peers
    links = peers.map {
      Link(
        peer: $0, outgoing: .allocate(capacity: heartbeatByteLimit),
        incoming: .allocate(capacity: heartbeatByteLimit))
    }
    for index in links.indices { try receive(index) }
  }

  func post(_ bytes: [UInt8], to peer: Int) throws -> Bool {
    precondition((1...heartbeatByteLimit).contains(bytes.count), "a heartbeat of \(bytes.count) bytes")
    guard let index = links.firstIndex(where: { $0.peer == peer }) else {
      preconditionFailure("rank \(peer) is no peer of this channel")
    }
    guard try isSent(index) else { return false }
    try send(bytes, index)
    return true
  }

  func arrivals() throws -> [(sender: Int, bytes: [UInt8])] {
    var arrivals: [(sender: Int, bytes: [UInt8])] = []
    for index in links.indices {
      while let bytes = try take(index) { arrivals.append((links[index].peer, bytes)) }
    }
    return arrivals
  }

  func close() throws {
    var said = Set<Int>()
    while true {
      _ = try arrivals()
      var isDone = true
      for index in links.indices {
        let isSent = try isSent(index)
        if isSent, said.insert(index).inserted {
          try send([], index)
          isDone = false
        } else {
          isDone = isDone && isSent && links[index].isOver
        }
      }
      if isDone { break }
      usleep(500)
    }
    for link in links {
      link.outgoing.deallocate()
      link.incoming.deallocate()
    }
    links = []
    try communicator.finalize()
  }

  private func isSent(_ index: Int) throws -> Bool {
    var isDone: Int32 = 0
    try mpi("MPI_Test") { MPI_Test(&links[index].send, &isDone, sgmn_mpi_status_ignore()) }
    return isDone != 0
  }

  private func send(_ bytes: [UInt8], _ index: Int) throws {
    let link = links[index]
    link.outgoing.update(from: bytes, count: bytes.count)
    try mpi("MPI_Issend") {
      MPI_Issend(
        link.outgoing, Int32(bytes.count), MPI_BYTE, Int32(link.peer), tag, communicator.world, &links[index].send)
    }
  }

  private func receive(_ index: Int) throws {
    let link = links[index]
    try mpi("MPI_Irecv") {
      MPI_Irecv(
        link.incoming, Int32(heartbeatByteLimit), MPI_BYTE, Int32(link.peer), tag, communicator.world,
        &links[index].receive)
    }
  }

  /// The next message of a peer, if it is here.
  private func take(_ index: Int) throws -> [UInt8]? {
    guard !links[index].isOver else { return nil }
    var (isDone, count): (Int32, Int32) = (0, 0)
    var status = MPI_Status()
    try mpi("MPI_Test") { MPI_Test(&links[index].receive, &isDone, &status) }
    guard isDone != 0 else { return nil }
    try mpi("MPI_Get_count") { MPI_Get_count(&status, MPI_BYTE, &count) }
    guard count > 0 else {
      links[index].isOver = true
      return nil
    }
    let bytes = Array(UnsafeBufferPointer(start: links[index].incoming, count: Int(count)))
    try receive(index)
    return bytes
  }
}

extension MPICommunicator {
  public func heartbeatChannel(_ peers: @Sendable (Int) -> [Int]) throws -> (any HeartbeatChannel)? {
    requireRunning()
    return try MPIHeartbeatChannel(over: MPICommunicator(duplicateOf: self), peers: peers(rank))
  }
}
