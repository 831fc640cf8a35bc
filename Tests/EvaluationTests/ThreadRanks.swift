import Collectives
import Faults
import Foundation
import Synchronization

/// Ranks that are threads of this process, for what only several ranks can show.
enum ThreadRanks {
  /// Runs `body` as every rank of `count` at once; the results in rank order, or the fault of the lowest rank.
  static func run<Result: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (any Communicator) throws -> Result
  ) throws -> [Result] {
    let exchange = Exchange(count: count)
    let results = Mutex([Int: Swift.Result<Result, any Error>]())
    let done = DispatchGroup()
    for rank in 0..<count {
      done.enter()
      let thread = Thread {
        let result = Swift.Result { try body(ThreadCommunicator(rank: rank, exchange: exchange)) }
        results.withLock { $0[rank] = result }
        done.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    done.wait()
    let all = results.withLock { $0 }
    return try (0..<count).map { try all[$0]!.get() }
  }
}

/// Where the threads meet: each brings bytes and leaves with those of all.
final class Exchange: @unchecked Sendable {
  let count: Int
  private let condition = NSCondition()
  private var brought: [Int: [UInt8]] = [:]
  private var lastRound: [[UInt8]] = []
  private var round = 0

  init(count: Int) { self.count = count }

  func callAsFunction(_ bytes: [UInt8], from rank: Int) -> [[UInt8]] {
    condition.lock()
    defer { condition.unlock() }
    let mine = round
    brought[rank] = bytes
    if brought.count == count {
      lastRound = (0..<count).map { brought[$0]! }
      brought = [:]
      round += 1
      condition.broadcast()
    } else {
      while round == mine { condition.wait() }
    }
    // The next round cannot end before this rank takes part in it.
    return lastRound
  }
}

final class ThreadCommunicator: Communicator {
  let rank: Int
  let exchange: Exchange

  init(rank: Int, exchange: Exchange) {
    self.rank = rank
    self.exchange = exchange
  }

  var rankCount: Int { exchange.count }
  var localRank: Int { rank }
  var localRankCount: Int { rankCount }

  func allGather(_ bytes: [UInt8]) -> [[UInt8]] { exchange(bytes, from: rank) }
  func allGather(_ value: UInt64) -> [UInt64] {
    exchange(withUnsafeBytes(of: value) { Array($0) }, from: rank).map { bytes in
      bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }
  }
  private func all(_ value: Int) -> [Int] {
    allGather(UInt64(bitPattern: Int64(value))).map { Int(Int64(bitPattern: $0)) }
  }
  func allReduceSum(_ value: Int) -> Int { all(value).reduce(0, +) }
  func allReduceMax(_ value: Int) -> Int { all(value).max()! }
  func allReduceMin(_ value: Int) -> Int { all(value).min()! }
  func broadcast(_ bytes: [UInt8]?, from root: Int) -> [UInt8] { exchange(bytes ?? [], from: rank)[root] }
  func gather(_ bytes: [UInt8], to root: Int) -> [[UInt8]]? {
    let all = exchange(bytes, from: rank)
    return rank == root ? all : nil
  }
  func barrier() { _ = exchange([], from: rank) }
  func finalize() {}

  func allReduceSum(_ values: UnsafeMutableBufferPointer<Float>, bucketByteCount: Int) { fatalError("not needed") }
  func allReduceSum(_ values: UnsafeMutableBufferPointer<Double>, bucketByteCount: Int) { fatalError("not needed") }
  func allGather(_ bytes: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) { fatalError("not needed") }
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) { fatalError("not needed") }
  func allToAll(_ slices: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer) {
    fatalError("not needed")
  }
  func duplicate() -> any Communicator { fatalError("not needed") }
  func abort(_ code: ExitCode) -> Never { fatalError("abort(\(code))") }
}
