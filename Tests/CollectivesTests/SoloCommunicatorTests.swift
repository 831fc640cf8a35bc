import Collectives
import Testing

@Suite struct SoloCommunicatorTests {
  @Test func oneRankIsItsOwnSum() throws {
    let solo: any Communicator = SoloCommunicator()
    var values: [Float] = [1, 2, 3]
    try values.withUnsafeMutableBufferPointer { try solo.allReduceSum($0) }
    #expect(values == [1, 2, 3])
    #expect(solo.isLeader && solo.rankCount == 1 && solo.localRankCount == 1)
    #expect(try solo.allGather([1, 2]) == [[1, 2]])
    #expect(try solo.gather([1, 2], to: 0) == [[1, 2]])
    #expect(try solo.broadcast([5], from: 0) == [5])
    #expect(try solo.allReduceMin(-4) == -4)
  }

  @Test func aTestProcessIsSolo() throws {
    #expect(try Ranks.start() is SoloCommunicator)
  }
}
