import Testing

@testable import ShardReports

@Suite struct CountTableTests {
  @Test func sortsByCountThenName() {
    let table = CountTable(["b": 2, "a": 2, "c": 5, "none": 0])
    #expect(table.rows.map(\.name) == ["c", "a", "b"])
    #expect(table.total == 9)
    #expect(table.distinctCount == 3)
  }

  @Test func equalCountsHaveNoInequality() {
    let table = CountTable(Dictionary(uniqueKeysWithValues: (0..<20).map { ("name \($0)", 7) }))
    #expect(abs(table.gini) < 1e-12)
    #expect(table.topTenShare == 0.5)
    #expect(table.namesOf80Percent == 16)
  }

  @Test func theGiniIsThatOfTheDefinition() {
    // Mean absolute difference over twice the mean: for 1, 2, 7 that is (1 + 6 + 5) · 2 / 9 / (2 · 10 / 3) = 0.4.
    #expect(abs(CountTable(["a": 1, "b": 2, "c": 7]).gini - 0.4) < 1e-12)
  }

  @Test func oneNameOrNone() {
    let one = CountTable(["a": 3])
    #expect((one.gini, one.topTenShare, one.namesOf80Percent) == (0, 1, 1))
    let none = CountTable([:])
    #expect((none.gini, none.topTenShare, none.namesOf80Percent) == (0, 0, 0))
    #expect(none.cumulativeShares().isEmpty)
  }

  @Test func theHeadLeavesTheRestCounted() {
    let table = CountTable(Dictionary(uniqueKeysWithValues: (1...30).map { ("name \($0)", $0) }))
    let head = table.head(5)
    #expect(head.rows.map(\.count) == [30, 29, 28, 27, 26])
    #expect(head.restRowCount == 25)
    #expect(head.restCount == 325)
    #expect(table.head(29).restRowCount == 0)  // one more row instead of a line about one row
  }

  @Test func theCurveEndsAtAllAndStaysShort() throws {
    let table = CountTable(Dictionary(uniqueKeysWithValues: (1...5000).map { ("name \($0)", $0) }))
    let points = table.cumulativeShares(limit: 100)
    #expect(points.count <= 102)
    let (first, last) = (try #require(points.first), try #require(points.last))
    #expect(first.names == 0 && first.occurrences == 0)
    #expect(last.names == 1 && last.occurrences == 1)
    #expect(zip(points, points.dropFirst()).allSatisfy { $0.occurrences <= $1.occurrences })
  }
}
