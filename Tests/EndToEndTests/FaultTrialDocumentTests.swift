import FaultTrials
import Foundation
import Testing

/// docs/reliability.md against the trials that it lists.
@Suite struct FaultTrialDocumentTests {
  /// Of each row of the table: the number, whether `make test` runs it, and the numbers of ranks.
  private func documented() throws -> [(number: Int, isQuick: Bool, ranks: [Int])] {
    let root = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let text = try String(contentsOf: root.appendingPathComponent("docs/reliability.md"), encoding: .utf8)
    return text.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard line.hasPrefix("|"), cells.count == 4, let number = Int(cells[0].prefix { $0.isNumber }) else { return nil }
      let ranks = cells[3].split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
      return (number, cells[0].hasSuffix("*"), ranks)
    }
  }

  /// A row may stand for several trials that are alike.
  @Test func everyTrialHasARow() throws {
    let rows = try documented()
    for trial in FaultTrial.all {
      let isQuick = !trial.quickRanks.isEmpty
      #expect(
        rows.contains { $0.number == trial.number && $0.isQuick == isQuick && $0.ranks == trial.ranks },
        "\(trial.number): \(trial.name)")
    }
    // Power cuts are brought about by the tests of checkpoints.
    #expect(Set(rows.map(\.number)) == Set(FaultTrial.all.map(\.number)).union([4]))
  }
}
