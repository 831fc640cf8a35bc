import Collectives
import Faults
import Synchronization

/// Rank 0 of several that all bring the same; notes the sums in their order and fails where it is told to.
final class PretendRanks: Communicator {
  let rank = 0
  let rankCount: Int
  let localRank = 0
  var localRankCount: Int { rankCount }
  private let failingCall: Int?
  /// The element counts of the sums so far.
  private let counts = Mutex<[Int]>([])

  init(_ rankCount: Int, failingCall: Int? = nil) {
    self.rankCount = rankCount
    self.failingCall = failingCall
  }

  var sums: [Int] { counts.withLock { $0 } }

  func allReduceSum(_ values: UnsafeMutableBufferPointer<Float>, bucketByteCount: Int) throws {
    let call = counts.withLock { counts in
      counts.append(values.count)
      return counts.count - 1
    }
    if call == failingCall { throw Fault(.rankLost, "call \(call) failed") }
    for index in values.indices { values[index] *= Float(rankCount) }
  }
  func allReduceSum(_ values: UnsafeMutableBufferPointer<Double>, bucketByteCount: Int) {
    for index in values.indices { values[index] *= Double(rankCount) }
  }
  func allReduceSum(_ value: Int) -> Int { value * rankCount }
  func allReduceMax(_ value: Int) -> Int { value }
  func allReduceMin(_ value: Int) -> Int { value }
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}
  func broadcast(_ bytes: [UInt8]?, from root: Int) -> [UInt8] { bytes! }
  func allGather(_ value: UInt64) -> [UInt64] { Array(repeating: value, count: rankCount) }
  func allGather(_ bytes: [UInt8]) -> [[UInt8]] { Array(repeating: bytes, count: rankCount) }
  func allGather(_ bytes: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) {
    for rank in 0..<rankCount {
      UnsafeMutableRawBufferPointer(rebasing: all[(rank * bytes.count)..<((rank + 1) * bytes.count)])
        .copyMemory(from: bytes)
    }
  }
  func gather(_ bytes: [UInt8], to root: Int) -> [[UInt8]]? { allGather(bytes) }
  func allToAll(_ slices: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer) {
    fatalError("ranks that bring the same send each other different slices")
  }
  func barrier() {}
  func duplicate() -> any Communicator { self }
  func finalize() {}
  func abort(_ code: ExitCode) -> Never { fatalError("abort(\(code))") }
}
