extension SetStatistics {
  /// Tables for a terminal, `facts` first.
  public var text: String {
    var lines = [facts.text]
    func add(_ title: String, _ table: CountTable, limit: Int) {
      guard !table.isEmpty else { return }
      lines.append("")
      lines.append(title)
      let (rows, restRowCount, restCount) = table.head(limit)
      let highest = Double(max(1, rows.first?.count ?? 1))
      for row in rows {
        let bar = String(repeating: "█", count: Int((Double(row.count) / highest * 20).rounded()))
        lines.append(
          Figures.right(Figures.grouped(row.count), 12) + Figures.right(Figures.percent(table.share(of: row)), 8)
            + "  " + Figures.left(bar, 20) + "  " + SetStatistics.printable(row.name))
      }
      if restRowCount > 0 {
        lines.append(
          Figures.right(Figures.grouped(restCount), 12)
            + Figures.right(Figures.percent(Double(restCount) / Double(max(1, table.total))), 8)
            + "  " + Figures.left("", 20) + "  \(Figures.grouped(restRowCount)) others")
      }
    }
    add(
      "Categories: \(Figures.grouped(categories.distinctCount)); the 10 largest hold "
        + "\(Figures.percent(categories.topTenShare)), \(Figures.grouped(categories.namesOf80Percent)) hold 80 %, "
        + "Gini \(Figures.decimal(categories.gini, 2))", categories, limit: 20)
    for tag in tags {
      let samples = Figures.count(tag.sampleCount, "sample")
      if tag.values.isEmpty {
        lines += [
          "", "Tag \(SetStatistics.printable(tag.name)): \(samples), more than \(SetStatistics.tagValueLimit) values",
        ]
      } else {
        add("Tag \(SetStatistics.printable(tag.name)): \(samples)", tag.values, limit: 12)
      }
    }
    add("Left out by the build", leftOut, limit: 20)

    lines += ["", Figures.left("", 26) + columns.map { Figures.right($0.0, 10) }.joined()]
    for (name, distribution, unit) in distributions where !distribution.isEmpty {
      let cells = columns.map { Figures.right($0.1(distribution, unit), 10) }.joined()
      lines.append(Figures.left(name, 26) + cells)
    }
    return lines.joined(separator: "\n")
  }

  private enum Unit { case number, bytes }

  private var distributions: [(String, Distribution, Unit)] {
    [
      ("frames of a clip", clipFrames, .number), ("frames of its source", sourceFrames, .number),
      ("clips of a product", clipsPerProduct, .number), ("products of a live", productsPerLive, .number),
      ("characters of a title", titleLengths, .number), ("characters of a speech", speechLengths, .number),
      ("tokens of a title", titleTokens, .number), ("tokens of a speech", speechTokens, .number),
      ("record of a sample", sampleBytes, .bytes),
    ]
  }

  private var columns: [(String, (Distribution, Unit) -> String)] {
    func column(_ name: String, _ value: @escaping (Distribution) -> Int) -> (String, (Distribution, Unit) -> String) {
      (name, { $1 == .bytes ? Figures.byteCount(value($0)) : Figures.grouped(value($0)) })
    }
    return [
      ("count", { distribution, _ in Figures.grouped(distribution.count) }),
      ("mean", { $1 == .bytes ? Figures.byteCount(Int($0.mean.rounded())) : Figures.decimal($0.mean, 1) }),
      column("least", \.minimum), column("5 %", \.percentile5), column("median", \.median),
      column("95 %", \.percentile95), column("99 %", \.percentile99), column("most", \.maximum),
    ]
  }

  private static func printable(_ text: String) -> String { HTMLText.shortened(TerminalText.printable(text), 80) }
}
