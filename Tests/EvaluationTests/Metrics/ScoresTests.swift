import Randomness
import Testing

@testable import Evaluation

@Suite struct ScoresTests {
  @Test func theBestRightImageCounts() {
    #expect(Scores.rank(ofBest: [1], in: [0.9, 0.8, 0.1]) == 2)
    #expect(Scores.rank(ofBest: [1, 2], in: [0.9, 0.8, 0.1]) == 2)
    #expect(Scores.rank(ofBest: [2], in: [0.9, 0.8, 0.1]) == 3)
    #expect(Scores.rank(ofBest: [0, 1, 2], in: [0.9, 0.8, 0.1]) == 1)
    #expect(Scores.rank(ofBest: [], in: [0.9]) == nil)
  }

  @Test func aWrongImageWithTheSameScoreIsBetter() {
    #expect(Scores.rank(ofBest: [0], in: [0.5, 0.5, 0.5]) == 3)
    #expect(Scores.rank(ofBest: [2], in: [0.5, 0.5, 0.5]) == 3)
    #expect(Scores.rank(ofBest: [0, 2], in: [0.5, 0.5, 0.5]) == 2)
  }

  @Test func scoresThatAreNotNumbersNeverHelp() {
    #expect(Scores.rank(ofBest: [0], in: [.nan, 0.1, 0.2]) == 3)
    #expect(Scores.rank(ofBest: [0], in: [0.5, .nan, 0.2]) == 2)
    #expect(Scores.rank(ofBest: [0, 1], in: [.nan, 0.5, 0.2]) == 1)
    #expect(Scores.rank(ofBest: [1], in: [.nan, .nan, .nan]) == 3)
    #expect(Scores.rank(ofBest: [0], in: [-.infinity, 0, -.infinity]) == 3)
  }

  /// Against sorting, with few distinct scores so that ties are common.
  @Test func agreesWithSorting() {
    for trial in 0..<300 {
      var stream = RandomStream(seed: 1, "ranks", trial)
      let size = 1 + stream.integer(below: 12)
      let scores = (0..<size).map { _ in Float(stream.integer(below: 4)) }
      let answers = (0..<size).filter { _ in stream.uniform() < 0.3 }
      let order = (0..<size).sorted { a, b in
        // Best first; among equals the wrong ones first.
        scores[a] != scores[b] ? scores[a] > scores[b] : !answers.contains(a) && answers.contains(b)
      }
      #expect(Scores.rank(ofBest: answers, in: scores) == order.firstIndex(where: answers.contains).map { $0 + 1 })
    }
  }

  @Test(arguments: [1, 5, 16, 31, 48, 513])
  func productsOfAnyWidth(width: Int) {
    var stream = RandomStream(seed: 2, "dot", width)
    let values = (0..<(5 * width)).map { _ in Float(stream.normal()) }
    let table = EmbeddingTable(count: 5, visual: values)
    let scores = table.scores(ofRow: 1, against: table, rows: [4, 0, 1], textWeight: 0)
    for (score, row) in zip(scores, [4, 0, 1]) {
      let exact = (0..<width).reduce(0.0) { $0 + Double(values[width + $1]) * Double(values[row * width + $1]) }
      #expect(abs(Double(score) - exact) < 1e-5 * Double(width))
    }
  }

  @Test func textIsAddedWithItsWeight() {
    let clips = EmbeddingTable(count: 1, visual: [1, 0], text: [0, 1, 0])
    let images = EmbeddingTable(count: 2, visual: [1, 0, 0, 1], text: [0, 0, 0, 0, 1, 0])
    #expect(clips.scores(ofRow: 0, against: images, rows: [0, 1], textWeight: 0.25) == [1, 0.25])
    let silent = EmbeddingTable(count: 2, visual: [1, 0, 0, 1])
    #expect(clips.scores(ofRow: 0, against: silent, rows: [0, 1], textWeight: 0.25) == [1, 0])
  }
}
