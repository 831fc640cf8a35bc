/// The statistics of a set as one HTML file: inline styles and SVG charts, no script, nothing from elsewhere.
public struct StatisticsPage {
  public var statistics: SetStatistics
  /// The heading; by default the last part of the set's location.
  public var title: String

  public init(_ statistics: SetStatistics, title: String? = nil) {
    self.statistics = statistics
    let name = statistics.facts.location.split(separator: "/").last.map(String.init)
    self.title = title ?? name ?? statistics.facts.location
  }

  public var html: String {
    let facts = statistics.facts
    var html = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(HTMLText.escaped(title)) · shard set</title>
      <style>\(PageStyle.css)</style>
      </head>
      <body>
      <main>
      <header>
      <p class="kicker">Shard set</p>
      <h1><bdi>\(HTMLText.escaped(title))</bdi></h1>
      <p class="where"><bdi>\(HTMLText.escaped(facts.location))</bdi> · fingerprint <code>\(facts.fingerprint)</code></p>
      </header>

      """
    html += "<section class=\"tiles\">" + tiles.map(tile).joined() + "</section>\n"
    html += section("Categories and tags", categoryFigures + tagFigures)
    html += section("Clips and products", charts)
    html += section("How it was made", [configurationTable, leftOutFigure])
    html += "</main>\n</body>\n</html>\n"
    return html
  }

  // MARK: Parts

  private var tiles: [(name: String, value: String, detail: String)] {
    let facts = statistics.facts
    return [
      ("clips", Figures.grouped(facts.clipCount), "\(Figures.grouped(facts.frameCount)) frames"),
      (
        "products", Figures.grouped(facts.productCount),
        "\(Figures.decimal(statistics.clipsPerProduct.mean, 1)) clips each"
      ),
      (
        "lives", Figures.grouped(statistics.liveCount),
        "\(Figures.decimal(statistics.productsPerLive.mean, 1)) products each"
      ),
      (
        "gallery pictures", Figures.grouped(facts.galleryPictureCount),
        "\(Figures.grouped(facts.imageCount)) different images in all"
      ),
      ("on disk", Figures.byteCount(facts.byteCount), Figures.count(facts.shardCount, "shard")),
      ("a sample", Figures.byteCount(Int(facts.bytesPerSample.rounded())), "mean, all parts"),
      (
        "smaller than RGB", "\(Figures.decimal(facts.ratio, 2))×",
        "\(Figures.byteCount(facts.rgbByteCount)) uncompressed"
      ),
    ]
  }

  private func tile(_ tile: (name: String, value: String, detail: String)) -> String {
    "<div class=\"tile\"><p class=\"name\">\(tile.name)</p><p class=\"value\">\(tile.value)</p>"
      + "<p class=\"detail\">\(tile.detail)</p></div>"
  }

  private var categoryFigures: [String] {
    let categories = statistics.categories
    guard !categories.isEmpty else { return [] }
    let note =
      "\(Figures.count(categories.distinctCount, "category", plural: "categories")), Gini "
      + "\(Figures.decimal(categories.gini, 2)). The ten largest hold \(Figures.percent(categories.topTenShare)) of the "
      + "samples; \(Figures.grouped(categories.namesOf80Percent)) hold 80 %."
    return [
      figure(
        "Samples of each category",
        CountBars(table: categories, noun: "category", plural: "categories", limit: 40).html, note: note),
      figure(
        "The long tail", ShareCurve(table: categories, noun: "categories").svg,
        note: "The dashed line is what categories of one size would give."),
    ]
  }

  private var charts: [String] {
    [
      chart(statistics.clipFrames, "Frames of a clip", axis: "frames stored"),
      chart(statistics.sourceFrames, "Length of the source", axis: "frames that the clip's source had"),
      chart(statistics.clipsPerProduct, "Clips of a product", axis: "clips", of: "products"),
      chart(statistics.productsPerLive, "Products of a live", axis: "products", of: "lives"),
      chart(statistics.titleLengths, "Titles", axis: "characters", of: "titles"),
      chart(statistics.speechLengths, "Speech", axis: "characters", of: "spoken texts"),
      chart(
        statistics.sampleBytes, "Size of a record", axis: "bytes of details and frames", of: "samples",
        text: Figures.byteCount),
    ]
  }

  private func chart(
    _ distribution: Distribution, _ title: String, axis: String, of noun: String = "clips",
    text: @escaping (Int) -> String = Figures.grouped
  ) -> String {
    guard !distribution.isEmpty else { return "" }
    if distribution.minimum == distribution.maximum {
      let same = "<p class=\"same\">\(text(distribution.median))</p>"
      return figure(
        title, same,
        note: "\(HTMLText.capitalized(axis)), the same for all \(Figures.grouped(distribution.count)) \(noun).")
    }
    let svg = HistogramChart(
      histogram: distribution.histogram, title: title, axis: axis, median: distribution.median, text: text
    ).svg
    let mean = distribution.mean < 1000 ? Figures.decimal(distribution.mean, 1) : text(Int(distribution.mean.rounded()))
    let note =
      "\(Figures.grouped(distribution.count)) \(noun): mean \(mean), median \(text(distribution.median)), "
      + "95 % up to \(text(distribution.percentile95)), most \(text(distribution.maximum))."
    return figure(title, svg, note: note)
  }

  private var tagFigures: [String] {
    statistics.tags.map { tag in
      let note = "\(Figures.grouped(tag.sampleCount)) of \(Figures.count(statistics.facts.sampleCount, "sample"))."
      if tag.values.isEmpty {
        let text = "<p>More than \(Figures.grouped(SetStatistics.tagValueLimit)) different values.</p>"
        return figure("Tag: \(tag.name)", text, note: note)
      }
      let bars = CountBars(table: tag.values, noun: "value", plural: "values", limit: 12).html
      return figure("Tag: \(tag.name)", bars, note: note)
    }
  }

  private var leftOutFigure: String {
    let table = statistics.leftOut
    guard !table.isEmpty else { return "" }
    let bars = CountBars(table: table, noun: "cause", plural: "causes", limit: 20, counted: "entries").html
    return figure(
      "Left out", bars,
      note: "\(Figures.count(table.total, "source entry", plural: "source entries")) that the build could not use.")
  }

  private var configurationTable: String {
    let facts = statistics.facts
    let rows = [
      (
        "pictures",
        "\(facts.resolution) × \(facts.resolution), at most \(Figures.count(facts.maximumFrameCount, "frame")) a clip"
      ),
      ("resize", facts.resizing), ("frame sampling", facts.frameSampling),
      ("pixels stored as", "\(facts.pixelEncoding), zstd level \(facts.compressionLevel)"),
      ("text vectors", facts.textEncoder.map { "\($0), \(facts.textWidth) numbers" } ?? "none"),
      ("source entries a shard", Figures.grouped(facts.samplesPerShard)),
      (
        "product pictures stored",
        "\(Figures.grouped(facts.storedPictureCount)), of \(Figures.grouped(facts.imageCount)) images"
      ),
    ]
    let cells = rows.map { "<tr><th scope=\"row\">\($0.0)</th><td>\(HTMLText.escaped($0.1))</td></tr>" }
    return
      "<figure><figcaption><h3>Settings</h3></figcaption><table class=\"plain\"><tbody>\(cells.joined())</tbody></table></figure>"
  }

  private func section(_ title: String, _ figures: [String]) -> String {
    if figures.allSatisfy(\.isEmpty) { return "" }
    return "<section><h2>\(HTMLText.escaped(title))</h2><div class=\"figures\">\n"
      + figures.filter { !$0.isEmpty }.joined(separator: "\n") + "\n</div></section>\n"
  }

  private func figure(_ title: String, _ content: String, note: String) -> String {
    "<figure><figcaption><h3><bdi>\(HTMLText.escaped(title))</bdi></h3><p>\(HTMLText.escaped(note))</p></figcaption>"
      + content + "</figure>"
  }
}
