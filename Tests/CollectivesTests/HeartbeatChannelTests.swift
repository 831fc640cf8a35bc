import ProbeJobs
import Testing

@testable import Collectives

@Suite struct MemoryHeartbeatsTests {
  @Test func aMessageArrivesOnceAtItsReceiver() throws {
    let heartbeats = MemoryHeartbeats()
    let channels = (0..<3).map { rank in heartbeats.channel(of: rank, peers: [0, 1, 2].filter { $0 != rank }) }
    #expect(try channels[0].post([1, 2], to: 1))
    #expect(try channels[2].post([3], to: 1))
    #expect(try channels[0].arrivals().isEmpty)
    let arrivals = try channels[1].arrivals()
    #expect(arrivals.map(\.sender) == [0, 2] && arrivals.map(\.bytes) == [[1, 2], [3]])
    #expect(try channels[1].arrivals().isEmpty)
  }

  @Test func nothingPilesUpForWhoTakesNothing() throws {
    let heartbeats = MemoryHeartbeats()
    let (sender, receiver) = (heartbeats.channel(of: 0, peers: [1]), heartbeats.channel(of: 1, peers: [0]))
    #expect(try sender.post([1], to: 1))
    #expect(try !sender.post([2], to: 1))
    #expect(try receiver.arrivals().map(\.bytes) == [[1]])
    #expect(try sender.post([3], to: 1))
  }

  @Test func aLoneRankHasNoPeers() throws {
    let channel = try #require(SoloCommunicator().heartbeatChannel { _ in [] })
    #expect(channel.peers.isEmpty)
    #expect(try channel.arrivals().isEmpty)
    try channel.close()
  }
}

/// Real ranks, whose first threads are always within a collective call; one job at a time.
@Suite(.serialized, .timeLimit(.minutes(10))) struct MPIHeartbeatsTests {
  @Test(arguments: [1, 2, 4, 8]) func ranksThatBeatEndInOrder(rankCount: Int) throws {
    let result = try ProbeJob("collectives-probe", ranks: rankCount, ["heartbeats"], seconds: 40).finish()
    #expect(result.status == 0, "\(result.output)")
    #expect(result.output.contains("ended in order"), "\(result.output)")
  }

  @Test(arguments: [(2, 0), (2, 1), (4, 0), (4, 2), (8, 7)]) func aStoppedRankFallsSilentAndHoldsNobodyUp(
    rankCount: Int, stopped: Int
  ) throws {
    let result = try ProbeJob("collectives-probe", ranks: rankCount, ["heartbeats", "\(stopped)"], seconds: 40).finish()
    #expect(result.status == 81, "\(result.output)")
    #expect(result.output.contains("silent: [\(stopped)], and seldom heard: []"), "\(result.output)")
  }
}
