import Faults
import Testing

@testable import Failpoints

@Suite struct FailpointPlanTests {
  @Test func aPlanNamesPlaceActionHitsAndRank() throws {
    let plan = try FailpointPlan("checkpoint.renamed:kill@2,step.forward:sleep=500@3+#1,file.write:error=ENOSPC@*")
    #expect(plan.entries.map(\.point) == [.checkpointRenamed, .stepForward, .fileWrite])
    #expect(plan.entries.map(\.action) == [.kill, .sleep(milliseconds: 500), .error(28)])
    #expect(plan.entries.map(\.firstHit) == [2, 3, 1])
    #expect(plan.entries.map(\.repeats) == [false, true, true])
    #expect(plan.entries.map(\.rank) == [nil, 1, nil])
  }

  @Test func noTextArmsNothing() throws {
    #expect(try FailpointPlan("").entries.isEmpty)
    #expect(try FailpointPlan(",,").entries.isEmpty)
  }

  private static let actions: [(text: String, action: FailpointPlan.Action)] =
    [("kill", .kill), ("stop", .stop), ("fire", .fire), ("sleep=0", .sleep(milliseconds: 0)), ("error=EIO", .error(5))]
  private static let hits: [(text: String, first: Int, repeats: Bool)] =
    [("", 1, false), ("@1", 1, false), ("@7", 7, false), ("@7+", 7, true), ("@*", 1, true)]
  private static let ranks: [(text: String, rank: Int?)] = [("", nil), ("#0", 0), ("#12", 12)]

  /// Every name with every action, count and rank is read as it is written, alone and among others.
  @Test(arguments: Failpoint.allCases) func everyCombinationIsRead(point: Failpoint) throws {
    for (actionText, action) in Self.actions {
      for (hitText, first, repeats) in Self.hits {
        for (rankText, rank) in Self.ranks {
          let text = "\(point.rawValue):\(actionText)\(hitText)\(rankText)"
          let expected = FailpointPlan.Entry(
            point: point, action: action, firstHit: first, repeats: repeats, rank: rank)
          #expect(try FailpointPlan(text).entries == [expected], "\(text)")
          #expect(try FailpointPlan("\(expected)").entries == [expected], "\(text) as \(expected)")
          #expect(try FailpointPlan("step.end:kill,\(text),step.data:stop").entries[1] == expected, "\(text)")
        }
      }
    }
  }

  @Test(arguments: [
    "step", "step.end", "step.end:", ":kill", "step.nowhere:kill", "step.end:explode", "step.end:kill@",
    "step.end:kill@0",
    "step.end:kill@-1", "step.end:kill@x", "step.end:kill@1++", "step.end:kill#", "step.end:kill#-1", "step.end:kill#x",
    "step.end:sleep", "step.end:sleep=", "step.end:sleep=-1", "step.end:sleep=x", "step.end:error",
    "step.end:error=ENONE",
    "step.end:kill;step.data:kill", " step.end:kill", "step.end:kill,step.nowhere:kill", "step.end:sleep=9999999999",
    "step.end:kill@99999999999999999999",
  ]) func whatIsNoPlanIsAUsageFault(text: String) {
    let fault = #expect(throws: Fault.self) { try FailpointPlan(text) }
    #expect(fault?.code == .usage)
    #expect(fault?.place?.hasPrefix("SGMN_FAILPOINT: ") == true)
  }

  /// What the log says of a plan can be given again.
  @Test func aPlanIsToldAsItIsWritten() throws {
    let texts = [
      "step.end:kill", "step.end:stop@2", "file.write:error=ENOSPC@8+#0", "shard.read:sleep=50@*", "loop.left:fire#1",
    ]
    #expect(try FailpointPlan(texts.joined(separator: ",")).entries.map(\.description) == texts)
  }

  @Test func eachEntryCountsItsOwnHits() throws {
    let plan = try FailpointPlan("step.end:fire@2,step.end:sleep=1@3+,step.data:fire@*,step.end:fire#1")
    var hits = FailpointHits(plan, rank: 0)
    let places: [Failpoint] = [.stepEnd, .stepData, .stepEnd, .stepEnd, .stepEnd, .stepData, .stepForward]
    let sleep = FailpointPlan.Action.sleep(milliseconds: 1)
    #expect(places.map { hits.due($0) } == [[], [.fire], [.fire], [sleep], [sleep], [.fire], []])
    var other = FailpointHits(plan, rank: 1)
    #expect([Failpoint.stepEnd, .stepEnd].map { other.due($0) } == [[.fire], [.fire]])
  }

  /// Nothing is armed in tests: a hit looks at one constant and does nothing.
  @Test func whatIsNotArmedDoesNothing() throws {
    #expect(!ArmedFailpoints.isAny)
    #expect(try ArmedFailpoints.check() == [])
    for point in Failpoint.allCases {
      try point.hit()
      #expect(!point.isDue)
    }
  }
}
