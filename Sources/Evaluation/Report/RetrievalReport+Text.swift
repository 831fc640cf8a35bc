import Foundation

extension RetrievalReport {
  /// The report as JSON with sorted keys, ending with a line break; recalls are shares of 1. Equal reports give equal
  /// bytes.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n" } catch {
      preconditionFailure("a report of finite numbers and texts is JSON: \(error)")
    }
  }

  /// The report for a person: percentages with two digits, one line a subset. Lives are listed where there are at
  /// most `liveLimit`; JSON has them all.
  public func table(liveLimit: Int = 12) -> String {
    var rows = [["", "clips", "R@1", "R@5", "R@10", "R@mean", "median"], row("overall", overall)]
    rows += subsets.keys.sorted().map { row($0, subsets[$0]!) }
    if lives.count > 1, lives.count <= liveLimit { rows += lives.map { row("live \($0.live)", $0.recall) } }
    rows.append(["chance", "", percent(galleries.chanceR1), "", "", "", ""])
    return ([heading, ""] + aligned(rows) + notes).joined(separator: "\n") + "\n"
  }

  /// `table()` with its usual limit.
  public var table: String { table() }

  private var heading: String {
    let text = textWeight.map { "with text (weight \($0))" } ?? "without text"
    let origin = [model.checkpoint, model.step.map { "step \($0)" }, model.precision].compactMap { $0 }
      .joined(separator: ", ")
    return "\(overall.queries) clips among \(galleries.images) images of \(galleries.lives) lives"
      + " (\(String(format: "%.1f", galleries.meanSize)) each), \(text)" + (origin.isEmpty ? "" : "; \(origin)")
  }

  private var notes: [String] {
    var notes: [String] = []
    if let texts, texts.clips < texts.clipCount || texts.images < texts.imageCount {
      notes.append(
        "texts: \(texts.clips) of \(texts.clipCount) clips, \(texts.images) of \(texts.imageCount) images;"
          + " where one is missing the pictures alone count")
    }
    if unanswerable.queries > 0 {
      let more = unanswerable.queries > unanswerable.clips.count ? ", …" : ""
      notes.append(
        "no right image in the gallery of their live, counted as misses: \(unanswerable.queries) ("
          + unanswerable.clips.joined(separator: ", ") + more + ")")
    }
    if !ungroupedTags.isEmpty {
      notes.append(
        "not grouped by tags of more than \(RetrievalReport.maximumTagValueCount) values: "
          + ungroupedTags.joined(separator: ", "))
    }
    return notes.isEmpty ? [] : [""] + notes
  }

  private func row(_ name: String, _ recall: Recall) -> [String] {
    [name, String(recall.queries)] + [recall.r1, recall.r5, recall.r10, recall.mean].map(percent)
      + [recall.medianRank.map { String(format: "%.1f", $0) } ?? "–"]
  }

  private func percent(_ share: Double) -> String { String(format: "%.2f", 100 * share) }

  /// The first column to the left, the others to the right.
  private func aligned(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, text in
        let padding = String(repeating: " ", count: widths[column] - text.count)
        return column == 0 ? text + padding : padding + text
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
