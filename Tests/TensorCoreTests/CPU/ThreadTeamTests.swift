import Glibc
import Randomness
import Synchronization
import Testing

@testable import TensorCore

@Suite struct ThreadTeamTests {
  @Test(arguments: [
    (count: 10, grain: 1, multiple: 1, threads: 3, ranges: [0..<3, 3..<6, 6..<10]),
    (count: 10, grain: 4, multiple: 1, threads: 3, ranges: [0..<5, 5..<10]),
    (count: 10, grain: 11, multiple: 1, threads: 3, ranges: [0..<10]),
    (count: 100, grain: 1, multiple: 16, threads: 2, ranges: [0..<48, 48..<100]),
    (count: 40, grain: 20, multiple: 16, threads: 2, ranges: [0..<40]),
  ]) func rangesAreThese(count: Int, grain: Int, multiple: Int, threads: Int, ranges: [Range<Int>]) {
    let shares = Shares(count: count, grain: grain, multiple: multiple, threadCount: threads)
    #expect((0..<shares.shareCount).map { shares[$0] } == ranges)
    #expect(called(ThreadTeam(threadCount: threads), count, grain, multiple) == ranges)
  }

  @Test func rangesCoverEverythingOnce() {
    var random = RandomStream(seed: 1, "shares")
    for _ in 0..<2000 {
      let threads = 1 + Int(random.next() % 9)
      let (count, grain) = (Int(random.next() % 3000), 1 + Int(random.next() % 200))
      let multiple = 1 + Int(random.next() % 40)
      let shares = Shares(count: count, grain: grain, multiple: multiple, threadCount: threads)
      var end = 0
      for number in 0..<shares.shareCount {
        let range = shares[number]
        #expect(range.lowerBound == end && end % multiple == 0)
        #expect(range.count >= grain || number == shares.shareCount - 1)
        #expect(!range.isEmpty || count == 0)
        end = range.upperBound
      }
      #expect(end == count && shares.shareCount <= threads)
    }
  }

  @Test(arguments: [1, 2, 3, 5], [true, false]) func everyElementIsDoneOnceInEveryRun(threads: Int, watches: Bool) {
    let team = ThreadTeam(threadCount: threads, watches: watches)
    let values = UnsafeMutableBufferPointer<Int>.allocate(capacity: 997)
    values.initialize(repeating: 0)
    defer { values.deallocate() }
    for round in 1...400 {
      // Now and then long enough for the threads to fall asleep.
      if round % 100 == 0 { usleep(300) }
      nonisolated(unsafe) let values = values
      team.run(997) { range in for i in range { values[i] += i } }
    }
    for i in 0..<997 { #expect(values[i] == 400 * i) }
  }

  @Test func rangesRunOnThreadsOfTheirOwn() {
    let team = ThreadTeam(threadCount: 3)
    let seen = Mutex<Set<pthread_t>>([])
    team.run(3) { _ in
      _ = seen.withLock { $0.insert(pthread_self()) }
      // No thread may do two of them: each waits for the others.
      while seen.withLock({ $0.count }) < 3 { sched_yield() }
    }
    #expect(seen.withLock { $0.count } == 3)
  }

  @Test func aBodyMayRunTheTeamItself() {
    let team = ThreadTeam(threadCount: 2)
    let sum = Mutex(0)
    let inner = Mutex<[Range<Int>]>([])
    team.run(4) { outer in
      team.run(10) { range in
        inner.withLock { $0.append(range) }
        sum.withLock { $0 += range.count * outer.count }
      }
    }
    #expect(sum.withLock { $0 } == 40)
    #expect(Set(inner.withLock { $0 }) == [0..<5, 5..<10])
  }

  @Test func callersFromSeveralThreadsDoNotDisturbEachOther() {
    let team = ThreadTeam(threadCount: 2)
    let sum = Mutex(0)
    let outside = ThreadTeam(threadCount: 4)
    outside.run(4) { _ in
      for _ in 0..<200 { team.run(10) { range in sum.withLock { $0 += range.count } } }
    }
    #expect(sum.withLock { $0 } == 4 * 200 * 10)
  }

  @Test func teamsComeAndGo() {
    let before = taskCount()
    for _ in 0..<20 { ThreadTeam(threadCount: 3).run(3) { _ in } }
    // Other tests of this process start threads too, but 40 of ours would stand out.
    #expect(taskCount() < before + 30)
  }

  private func called(_ team: ThreadTeam, _ count: Int, _ grain: Int, _ multiple: Int) -> [Range<Int>] {
    let ranges = Mutex<[Range<Int>]>([])
    team.run(count, grain: grain, multipleOf: multiple) { range in ranges.withLock { $0.append(range) } }
    return ranges.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
  }

  private func taskCount() -> Int {
    guard let folder = opendir("/proc/self/task") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
  }
}
