import Foundation
import Testing

@testable import Evaluation

@Suite struct RetrievalReportTests {
  typealias Entry = RetrievalTask.Entry

  /// Live x: pictures 1 2 3 4; live y: pictures 5 6.
  static let task = RetrievalTask([
    Entry(clipID: "a", imageID: "1", liveID: "x", tags: ["scale": "small", "number": "few"]),
    Entry(clipID: "b", imageID: "2", liveID: "x", answers: ["2", "3"], tags: ["scale": "large"]),
    Entry(clipID: nil, imageID: "3", liveID: "x"),
    Entry(clipID: "c", imageID: "4", liveID: "x", answers: ["5"], tags: ["scale": "small", "number": ""]),
    Entry(clipID: "d", imageID: "5", liveID: "y"),
    Entry(clipID: nil, imageID: "6", liveID: "y"),
  ])
  static let scores: [[Float]] = [[0.9, 0.1, 0.1, 0.1], [0.5, 0.1, 0.4, 0.1], [1, 0, 0, 0], [0.2, 0.2]]

  @Test func ofAScoreMatrixByHand() {
    let report = RetrievalReport(Self.task, scores: Self.scores)  // ranks 1, 2, none, 2 (a tie)
    #expect(report.overall == Recall(ranks: [1, 2, nil, 2]))
    #expect(report.overall.r1 == 0.25 && report.overall.r5 == 0.75)
    #expect(
      report.subsets == [
        "scale/small": Recall(ranks: [1, nil]), "scale/large": Recall(ranks: [2]), "number/few": Recall(ranks: [1]),
      ])
    #expect(report.lives.map(\.live) == ["x", "y"] && report.lives.map(\.images) == [4, 2])
    #expect(report.lives.map(\.recall) == [Recall(ranks: [1, 2, nil]), Recall(ranks: [2])])
    #expect(report.galleries.lives == 2 && report.galleries.images == 6 && report.galleries.meanSize == 3)
    #expect(report.galleries.chanceR1 == (0.25 + 0.5 + 0 + 0.5) / 4)
    #expect(report.unanswerable == .init(queries: 1, clips: ["c"]))
    #expect(!report.usesText && report.textWeight == nil)
  }

  @Test func ofEmbeddings() {
    // Pictures 1 … 6 in two numbers, clips as combinations of them.
    let images = EmbeddingTable(count: 6, visual: [1, 0, 0, 1, -1, 0, 0, -1, 1, 1, -1, -1])
    let clips = EmbeddingTable(count: 4, visual: [1, 0.5, 1, -0.5, 1, 0, 2, 1])
    let report = RetrievalReport(Self.task, clips: clips, images: images)
    #expect(report.overall == Recall(ranks: [1, 3, nil, 1]))
    #expect(!report.usesText)
    let texts = { (count: Int) in [Float](repeating: 1, count: count) }
    let withText = RetrievalReport(
      Self.task, clips: EmbeddingTable(count: 4, visual: clips.visual, text: texts(4)),
      images: EmbeddingTable(count: 6, visual: images.visual, text: texts(6)), textWeight: 0.5)
    #expect(withText.usesText && withText.textWeight == 0.5)
    #expect(withText.overall == report.overall)
  }

  @Test func aTagThatNamesSamplesIsNotASubset() {
    let task = RetrievalTask(
      (0..<70).map { Entry(clipID: "\($0)", imageID: "i", liveID: "x", tags: ["url": "u\($0)", "scale": "small"]) })
    let report = RetrievalReport(task, ranks: [Int?](repeating: 1, count: 70))
    #expect(Array(report.subsets.keys) == ["scale/small"])
    #expect(report.ungroupedTags == ["url"])
  }

  @Test func unanswerableClipsAreNamedUpToALimit() {
    let task = RetrievalTask((0..<30).map { Entry(clipID: "c\($0)", imageID: "i", liveID: "x", answers: ["j"]) })
    let report = RetrievalReport(task, ranks: [Int?](repeating: nil, count: 30))
    #expect(report.unanswerable.queries == 30)
    #expect(report.unanswerable.clips == (0..<20).map { "c\($0)" })
    #expect(report.overall.r10 == 0 && report.galleries.chanceR1 == 0)
  }

  @Test func jsonHasTheDocumentedKeysAndReadsBack() throws {
    let report = RetrievalReport(
      Self.task, ranks: [1, 2, nil, 2], textWeight: 0.5, model: .init(checkpoint: "step_0000010", step: 10),
      data: .init(folder: "/data/test", fingerprint: 0xAB), texts: .init(clips: 3, of: 4, images: 6, of: 6))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
    #expect(
      Set(object.keys) == [
        "data", "galleries", "lives", "model", "overall", "subsets", "text", "text_weight", "texts", "unanswerable",
        "ungrouped_tags",
      ])
    #expect(object["texts"] as? [String: Int] == ["clips": 3, "of_clips": 4, "images": 6, "of_images": 6])
    let galleries = try #require(object["galleries"] as? [String: Any])
    #expect(Set(galleries.keys) == ["lives", "images", "mean_size", "chance_r1"])
    #expect(report.json.contains(#""fingerprint" : "00000000000000ab""#))
    #expect(try JSONDecoder().decode(RetrievalReport.self, from: Data(report.json.utf8)) == report)
  }

  @Test func textsThatAreMissingAreTold() {
    let line = { (clips: Int, images: Int) in
      RetrievalReport(
        Self.task, ranks: [1, 2, nil, 2], textWeight: 0.5, texts: .init(clips: clips, of: 4, images: images, of: 6)
      ).table.split(separator: "\n").first { $0.hasPrefix("texts: ") }
    }
    #expect(line(3, 6) == "texts: 3 of 4 clips, 6 of 6 images; where one is missing the pictures alone count")
    #expect(line(4, 5) == "texts: 4 of 4 clips, 5 of 6 images; where one is missing the pictures alone count")
    #expect(line(4, 6) == nil)
  }

  @Test func tableIsAligned() {
    let report = RetrievalReport(
      Self.task, ranks: [1, 2, nil, 2], textWeight: 0.5, model: .init(checkpoint: "step_0000010", step: 10),
      texts: .init(clips: 3, of: 4, images: 6, of: 6))
    #expect(
      report.table == """
        4 clips among 6 images of 2 lives (3.0 each), with text (weight 0.5); step_0000010, step 10

                     clips     R@1     R@5    R@10  R@mean  median
        overall          4   25.00   75.00   75.00   58.33     2.0
        number/few       1  100.00  100.00  100.00  100.00     1.0
        scale/large      1    0.00  100.00  100.00   66.67     2.0
        scale/small      2   50.00   50.00   50.00   50.00       –
        live x           3   33.33   66.67   66.67   55.56     2.0
        live y           1    0.00  100.00  100.00   66.67     2.0
        chance               31.25

        texts: 3 of 4 clips, 6 of 6 images; where one is missing the pictures alone count
        no right image in the gallery of their live, counted as misses: 1 (c)

        """)
    #expect(!report.table(liveLimit: 1).contains("live x"))
  }
}
