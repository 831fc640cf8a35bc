import Synchronization
import Testing

@testable import ShardBuilding

@Suite struct OrderedPipelineTests {
  private struct Stop: Error {}

  @Test(arguments: [1, 2, 5]) func `results come in the order of the items, and few are under way`(_ threads: Int)
    throws
  {
    let underWay = Atomic(0)
    let most = Mutex(0)
    var (next, results) = (0, [Int]())
    try OrderedPipeline<Int, Int>.run(
      threadCount: threads,
      next: {
        guard next < 500 else { return nil }
        let count = underWay.add(1, ordering: .relaxed).newValue
        most.withLock { $0 = max($0, count) }
        next += 1
        return next
      },
      work: { $0 * $0 },
      consume: {
        underWay.subtract(1, ordering: .relaxed)
        results.append($0)
      })
    #expect(results == (1...500).map { $0 * $0 })
    #expect(most.withLock { $0 } <= 4 * threads)
  }

  @Test func `each thread makes its own tool, and releases it`() throws {
    final class Tool {
      static let alive = Atomic(0)
      init() { Tool.alive.add(1, ordering: .sequentiallyConsistent) }
      deinit { Tool.alive.subtract(1, ordering: .sequentiallyConsistent) }
    }
    var next = 0
    var made = Set<Int>()
    try OrderedPipeline<Int, Int>.run(
      threadCount: 3,
      next: {
        next += 1
        return next <= 100 ? next : nil
      },
      makeWork: {
        let tool = Tool()
        return { _ in ObjectIdentifier(tool).hashValue }
      },
      consume: { made.insert($0) })
    #expect(made.count <= 3)
    #expect(Tool.alive.load(ordering: .sequentiallyConsistent) == 0)
  }

  @Test func `what next or consume throws ends the run`() {
    var taken = 0
    #expect(throws: Stop.self) {
      try OrderedPipeline<Int, Int>.run(
        threadCount: 2, next: { 1 }, work: { $0 },
        consume: { _ in
          taken += 1
          if taken == 10 { throw Stop() }
        })
    }
    #expect(taken == 10)
    #expect(throws: Stop.self) {
      try OrderedPipeline<Int, Int>.run(threadCount: 2, next: { throw Stop() }, work: { $0 }, consume: { _ in })
    }
  }
}
