import Faults
import ShardFormat
import Synchronization

extension ShardSet {
  /// `checkFiles(rank:of:)` of a rank's share on several threads, for storages that take their time to answer. Throws the
  /// fault of the first file that is missing or has another size.
  public func checkFiles(rank: Int, of rankCount: Int, threadCount: Int) throws {
    precondition(threadCount >= 1, "\(threadCount) threads")
    let faults = Mutex<[Int: any Error]>([:])
    let next = Atomic<Int>(0)
    let threads = ReaderThreads(count: min(threadCount, index.shards.count)) {
      let number = next.add(1, ordering: .relaxed).oldValue
      do {
        try self.checkFiles(rank: rank + number * rankCount, of: rankCount * threadCount)
      } catch {
        faults.withLock { $0[number] = error }
      }
    }
    threads.join()
    // The shares interleave, so the first that is told need not be the first of the set; it is always the same.
    let found = faults.withLock { $0 }
    if let first = found.min(by: { $0.key < $1.key }) { throw first.value }
  }
}
