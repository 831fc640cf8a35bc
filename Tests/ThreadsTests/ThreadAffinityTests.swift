import Synchronization
import Testing
import Threads

@Suite(.serialized) struct ThreadAffinityTests {
  @Test func aThreadRunsOnItsCPUsAndLeavesThoseOfOthersAlone() throws {
    let own = try #require(ThreadAffinity.ofThisThread)
    let seen = Mutex<[Int]?>(nil)
    WorkerThread(on: [own.last!]) { seen.withLock { $0 = ThreadAffinity.ofThisThread } }?.join()
    #expect(seen.withLock { $0 } == [own.last!])
    #expect(ThreadAffinity.ofThisThread == own)
  }

  @Test func threadsOfAPinnedThreadHaveTheCPUsOfNewThreads() throws {
    let own = try #require(ThreadAffinity.ofThisThread)
    ThreadAffinity.ofNewThreads = own
    defer { ThreadAffinity.ofNewThreads = nil }
    let seen = Mutex<[Int]?>(nil)
    WorkerThread(on: [own[0]]) {
      WorkerThread { seen.withLock { $0 = ThreadAffinity.ofThisThread } }?.join()
    }?.join()
    #expect(seen.withLock { $0 } == own)
  }

  @Test func cpusThatDoNotExistAreRefused() {
    let own = ThreadAffinity.ofThisThread
    #expect(!ThreadAffinity.set([8191]))
    #expect(!ThreadAffinity.set([]))
    #expect(!ThreadAffinity.set([-1, 1 << 40]))
    #expect(ThreadAffinity.ofThisThread == own)
  }
}
