import Testing

@testable import ShardReports

@Suite struct FiguresTests {
  @Test func groups() {
    #expect([0, 999, 1000, -1_234_567].map(Figures.grouped) == ["0", "999", "1,000", "-1,234,567"])
    #expect(Figures.grouped(Int.min) == "-9,223,372,036,854,775,808")
  }

  @Test func byteCountsChangeTheirUnit() {
    #expect(
      [0, 999, 1000, 999_499, 999_500, 6_600_000_000_000].map(Figures.byteCount)
        == ["0 B", "999 B", "1.0 kB", "999.5 kB", "1.0 MB", "6.6 TB"])
  }

  @Test func aShareThatIsNotAllNeverReadsAsAll() {
    #expect(Figures.percent(0) == "0 %")
    #expect(Figures.percent(1) == "100 %")
    #expect(Figures.percent(0.99999) == ">99.9 %")
    #expect(Figures.percent(0.00001) == "<0.1 %")
    #expect(Figures.percent(0.1234) == "12.3 %")
    #expect(Figures.percent(.nan) == "?")
  }

  @Test func decimals() {
    #expect(Figures.decimal(1234.5, 2) == "1,234.50")
    #expect(Figures.decimal(-0.001, 2) == "0.00")
    #expect(Figures.decimal(2, 0) == "2")
    #expect(Figures.decimal(.infinity, 1) == "∞")
  }

  @Test func nounsFollowTheirCount() {
    #expect(Figures.count(1, "shard") == "1 shard")
    #expect(Figures.count(1200, "category", plural: "categories") == "1,200 categories")
  }
}
