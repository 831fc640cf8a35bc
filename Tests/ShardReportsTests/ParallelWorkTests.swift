import Faults
import Testing

@testable import ShardReports

@Suite struct ParallelWorkTests {
  @Test(arguments: [1, 2, 7]) func everyItemOnce(_ threadCount: Int) throws {
    let parts = try ParallelWork.run(count: 1000, threadCount: threadCount) { next in
      var taken: [Int] = []
      while let item = next() { taken.append(item) }
      return taken
    }
    #expect(parts.count == threadCount)
    #expect(parts.allSatisfy { $0 == $0.sorted() })
    #expect(parts.flatMap { $0 }.sorted() == Array(0..<1000))
  }

  @Test func nothingToDo() throws {
    let parts = try ParallelWork.run(count: 0, threadCount: 3) { next in next() == nil }
    #expect(parts == [true])
  }

  @Test func aFaultEndsTheWork() {
    let fault = Fault(.badData, "item 10")
    #expect(throws: fault) {
      try ParallelWork.run(count: 1_000_000, threadCount: 2) { next in
        while let item = next() { if item == 10 { throw fault } }
      }
    }
  }

  @Test func progressReachesTheEnd() throws {
    var last = 0
    func note(_ count: Int) { last = count }
    _ = try ParallelWork.run(count: 50, threadCount: 2, progress: note) { next in while next() != nil {} }
    #expect(last == 50)
  }
}
