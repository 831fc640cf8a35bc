/// Small messages between ranks that nobody waits for: signs of life, beside whatever the ranks do together.
///
/// One thread of a rank uses a channel. No call but `close()` waits for another rank, which may be stopped or gone: of
/// every two ranks at most one message is under way in each direction, and what cannot go now does not go at all.
public protocol HeartbeatChannel: AnyObject, Sendable {
  /// The ranks at the other ends.
  var peers: [Int] { get }

  /// Sends `bytes`, 1 … `heartbeatByteLimit` of them, to `peer`, unless it has not yet taken the message before; whether
  /// they went. Throws `Fault(.rankLost)` where MPI has lost the peer.
  func post(_ bytes: [UInt8], to peer: Int) throws -> Bool

  /// What has arrived since the last call, of each peer in the order of its sending. Throws as `post` does.
  func arrivals() throws -> [(sender: Int, bytes: [UInt8])]

  /// Ends the channel. Collective among the ranks of the communicator, which must be alive: it waits until every message
  /// has been taken. Never on an error path.
  func close() throws
}

/// Bytes of a heartbeat at most: few enough that every network carries one in its first packet, so that a message of a
/// rank that has stopped is never half here.
public let heartbeatByteLimit = 1_024

extension Communicator {
  public func heartbeatChannel(_ peers: @Sendable (Int) -> [Int]) throws -> (any HeartbeatChannel)? { nil }
}
