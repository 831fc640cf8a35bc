import Foundation
import FoundationXML
import ShardFormat
import Testing

@testable import ShardReports

@Suite struct StatisticsPageTests {
  private func page(_ count: Int, leftOut: [String: Int] = [:]) throws -> String {
    let folder = try TemporaryFolder()
    try SetFixture.build(folder.path + "/a<b", count: count)
    let set = try ShardSet(folder: folder.path + "/a<b")
    return try StatisticsPage(SetStatistics(reading: set, threadCount: 2, leftOut: leftOut)).html
  }

  @Test func textsFromDataAreEscaped() throws {
    let html = try page(120, leftOut: ["<img src=x onerror=alert(1)>": 2])
    #expect(!html.contains("<b>shoes"))
    #expect(html.contains("&lt;b&gt;shoes &amp; &quot;boots&quot;&lt;/b&gt;"))
    #expect(!html.contains("<img"))
    #expect(html.contains("<h1><bdi>a&lt;b</bdi></h1>"))
  }

  @Test func thePageNeedsNoOtherFileAndNoScript() throws {
    let html = try page(60).lowercased()
    for word in ["<script", "http:", "https:", "<link", "<iframe", "@import", "url(", "src="] {
      #expect(!html.contains(word), "\(word)")
    }
  }

  @Test func thePageIsWellFormed() throws {
    let html = try page(200, leftOut: ["missing file": 3])
    // The parser knows XML, so what HTML leaves open is closed first.
    let body = try #require(html.range(of: "<body>")).lowerBound
    let end = try #require(html.range(of: "</html>")).lowerBound
    let delegate = Counting()
    let parser = XMLParser(data: Data(html[body..<end].utf8))
    parser.delegate = delegate
    #expect(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
    #expect(delegate.counts["svg", default: 0] > 8)
    #expect(delegate.counts["figure", default: 0] >= 9)
    #expect(delegate.isFinite)
  }

  @Test func aSetOfPicturesAloneHasAPage() throws {
    let folder = try TemporaryFolder()
    let writer = try ShardWriter(
      folder: folder.path, configuration: ShardConfiguration(resolution: 2, maximumFrameCount: 1))
    try writer.append(Sample(imageID: "only", image: [UInt8](repeating: 9, count: 12)))
    try writer.finish()
    let statistics = try SetStatistics(reading: ShardSet(folder: folder.path), threadCount: 1)
    let html = StatisticsPage(statistics).html
    #expect(html.contains("gallery pictures"))
    #expect(!html.contains("Frames of a clip"))
    #expect(!html.contains("NaN"))
  }

  /// Counts elements, and looks for coordinates that are no numbers.
  private final class Counting: NSObject, XMLParserDelegate {
    var counts: [String: Int] = [:]
    var isFinite = true

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      counts[name, default: 0] += 1
      for key in ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"] {
        if let value = attributes[key], Double(value).map({ $0.isFinite && $0 >= 0 }) != true { isFinite = false }
      }
    }
  }
}
