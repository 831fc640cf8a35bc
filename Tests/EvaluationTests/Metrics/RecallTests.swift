import Foundation
import Testing

@testable import Evaluation

@Suite struct RecallTests {
  @Test func countsHitsAtOneFiveAndTen() {
    let recall = Recall(ranks: [1, 2, 5, 6, 10, 11, 1, nil])
    #expect(recall.queries == 8)
    #expect(recall.r1 == 2 / 8.0)
    #expect(recall.r5 == 4 / 8.0)
    #expect(recall.r10 == 6 / 8.0)
    #expect(recall.mean == (2 + 4 + 6) / 24.0)
    #expect(recall.medianRank == 5.5)  // 1 1 2 5 | 6 10 11 –
  }

  @Test func aMedianBeyondTheLastRankIsNone() {
    #expect(Recall(ranks: [3, nil, nil]).medianRank == nil)
    #expect(Recall(ranks: [3, nil]).medianRank == nil)
    #expect(Recall(ranks: [3, 4, nil]).medianRank == 4)
    #expect(Recall(ranks: [7]).medianRank == 7)
  }

  @Test func noQueriesAreNoHits() {
    let recall = Recall(ranks: [])
    #expect(recall.r10 == 0 && recall.mean == 0 && recall.medianRank == nil)
  }

  @Test func keysOfJSON() throws {
    let data = try JSONEncoder().encode(Recall(ranks: [1, 3]))
    let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(Set(object.keys) == ["queries", "r1", "r5", "r10", "mean", "median_rank"])
    #expect(try JSONDecoder().decode(Recall.self, from: data) == Recall(ranks: [1, 3]))
  }
}
