import DurableFiles
import Foundation
import ShardFormat
import Synchronization
import Testing

@testable import DataLoading

@Suite struct ShardAheadPlanTests {
  let fixture: LoadingFixture
  let set: ShardSet

  /// 140 samples in shards of seven, 112 of them with frames.
  init() throws {
    fixture = try LoadingFixture(count: 140)
    set = try ShardSet(folder: fixture.path)
  }

  private func schedule(window: Int) throws -> BatchSchedule {
    try BatchSchedule(
      set, configuration: LoaderConfiguration(pairsPerRank: 4, shuffleBlock: 4, shuffleWindow: window, seed: 2),
      rankCount: 1)
  }

  @Test func theShardsOfAWindowAreNamedBeforeTheyAreRead() throws {
    let schedule = try schedule(window: 16)
    let capacity = 2 * schedule.shardsAtOnce(in: set)
    var plans = (0..<2).map { ShardAheadPlan(set, schedule, capacity: capacity, localRank: $0, localRankCount: 2) }
    var named: Set<Int> = []
    var changes = 0
    for step in 0..<60 {
      let news = plans.indices.map { plans[$0].shards(atStep: step) }
      if let first = news[0], let second = news[1] {
        #expect(Set(first).isDisjoint(with: second))
        named = Set(first + second)
        #expect(named.count <= capacity)
        changes += 1
      }
      let order = schedule.order(ofEpoch: schedule.epoch(ofStep: step))
      #expect(schedule.places(ofStep: step).allSatisfy { named.contains(set.shardNumber(of: order[$0])) })
    }
    #expect((13...17).contains(changes))  // windows of four steps
  }

  @Test func noMoreAreNamedThanAreKept() throws {
    var plan = ShardAheadPlan(set, try schedule(window: 16), capacity: 3, localRank: 0, localRankCount: 1)
    #expect(plan.shards(atStep: 0)?.count == 3)
    var whole = ShardAheadPlan(set, try schedule(window: 0), capacity: 6, localRank: 1, localRankCount: 2)
    #expect(whole.shards(atStep: 0) == [1, 3, 5])
    #expect(whole.shards(atStep: 1) == nil)
  }

  @Test func anOrderWithoutWindowsTakesAllShardsAtOnce() throws {
    #expect(try schedule(window: 0).shardsAtOnce(in: set) == 20)
    let few = try schedule(window: 16).shardsAtOnce(in: set)
    #expect((4...9).contains(few))  // four or five blocks, each in one shard or two
  }

  /// A storage as one that fetches whole shards, which remembers what it was told.
  private final class Recording: ShardStorage {
    let folder: LocalFolder
    let told = Mutex<[[String]]>([])
    let opened = Mutex<[String]>([])
    init(_ path: String) { folder = LocalFolder(path) }
    var location: String { folder.location }
    func contents(of name: String, limit: Int) throws -> [UInt8] { try folder.contents(of: name, limit: limit) }
    func open(_ name: String) throws -> any ShardBytes {
      opened.withLock { $0.append(name) }
      return try folder.open(name)
    }
    func byteCount(of name: String) throws -> Int { try folder.byteCount(of: name) }
    var wholeFileCapacity: Int? { 12 }
    func willOpen(_ names: [String]) { told.withLock { $0.append(names) } }
  }

  @Test func aStorageOfWholeFilesIsTold() throws {
    let storage = Recording(fixture.path)
    let loader = try BatchLoader(
      set: ShardSet(storage: storage),
      configuration: LoaderConfiguration(pairsPerRank: 4, shuffleBlock: 4, shuffleWindow: 16, seed: 2))
    for _ in 0..<30 { _ = try loader.next() }
    for _ in 0..<2000 where storage.told.withLock({ $0.isEmpty }) { usleep(10_000) }  // it is told by another thread
    loader.stop()
    let told = storage.told.withLock { $0 }
    #expect(told.allSatisfy { $0.count <= 12 && $0.allSatisfy { $0.hasPrefix("shard-") } })
    #expect(!told.isEmpty)
  }
}
