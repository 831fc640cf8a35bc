/// A table of names and counts with a bar a row; a screen reader and a printer find a plain table in it.
struct CountBars {
  var table: CountTable
  /// Heading of the names: `category`.
  var noun: String
  var plural: String
  var limit: Int
  /// What is counted.
  var counted = "samples"

  var html: String {
    let (rows, restRowCount, restCount) = table.head(limit)
    let highest = Double(max(1, rows.first?.count ?? 1))
    var html = "<table class=\"bars\"><thead><tr><th>\(HTMLText.escaped(noun))</th><th></th>"
    html += "<th class=\"number\">\(counted)</th><th class=\"number\">share</th></tr></thead><tbody>"
    for row in rows {
      let width = ChartScale.coordinate(Double(row.count) / highest * 100)
      html += "<tr><th scope=\"row\" title=\"\(HTMLText.escaped(row.name))\">"
      html += "<bdi>\(HTMLText.escaped(HTMLText.shortened(row.name, 60)))</bdi></th>"
      html += "<td class=\"track\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      html += "<rect class=\"bar\" width=\"\(width)\" height=\"10\"/></svg></td>"
      html += "<td class=\"number\">\(Figures.grouped(row.count))</td>"
      html += "<td class=\"number faint\">\(Figures.percent(table.share(of: row)))</td></tr>"
    }
    if restRowCount > 0 {
      let share = Double(restCount) / Double(max(1, table.total))
      html += "<tr class=\"rest\"><th scope=\"row\">\(Figures.grouped(restRowCount)) other \(plural)</th><td></td>"
      html += "<td class=\"number\">\(Figures.grouped(restCount))</td>"
      html += "<td class=\"number faint\">\(Figures.percent(share))</td></tr>"
    }
    return html + "</tbody></table>"
  }
}
