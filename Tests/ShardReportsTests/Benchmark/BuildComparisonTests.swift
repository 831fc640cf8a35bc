import Testing

@testable import ShardReports

@Suite struct BuildComparisonTests {
  @Test func theLineHasTheMediansOfTheTurns() {
    var comparison = BuildComparison(pictureCount: 10_000)
    comparison.turns = [
      .init(buildSeconds: 4, decodeSeconds: 2), .init(buildSeconds: 100, decodeSeconds: 1),
      .init(buildSeconds: 5, decodeSeconds: 50),
    ]
    #expect(comparison.line == "build_pictures_per_s=2000.0 libavcodec_pictures_per_s=5000.0 build_share=0.400")
    #expect(
      comparison.turnLines.first == "turn 1: libavcodec 5000.0 pictures/s in 2.00 s; "
        + "build 2500.0 pictures/s in 4.00 s; build_share 0.500")
    #expect(comparison.turnLines.count == 3)
  }
}
