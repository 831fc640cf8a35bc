import Foundation
import Testing

@testable import Training

/// docs/configuration.md against the configuration that it describes.
@Suite struct ConfigurationDocumentTests {
  /// Defaults by full key, from the text that `--print-config` prints.
  private func defaults() throws -> [String: String] {
    var groups: [String] = []
    var result: [String: String] = [:]
    for line in try ConfigurationFile.text(of: RunConfiguration()).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      let value = parts.count > 1 ? parts[1] : ""
      groups = Array(groups.prefix(line.prefix { $0 == " " }.count / 2)) + [parts[0]]
      if !value.isEmpty { result[groups.joined(separator: ".")] = value.trimmingCharacters(in: ["'", "\""]) }
    }
    return result
  }

  /// The first two cells of every table row that begins with a key: | `key` | default | …
  private func documented() throws -> [(key: String, value: String)] {
    let root = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let text = try String(contentsOf: root.appendingPathComponent("docs/configuration.md"), encoding: .utf8)
    return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      return (cells[0].trimmingCharacters(in: ["`"]), cells[1].trimmingCharacters(in: ["`"]))
    }
  }

  private func equal(_ a: String, _ b: String) -> Bool {
    if let x = Double(a), let y = Double(b) { return x == y }
    return a == b
  }

  @Test func everyKeyIsDocumentedOnceWithItsDefault() throws {
    let defaults = try defaults()
    let documented = try documented()
    #expect(defaults.count > 50)
    #expect(documented.map(\.key).sorted() == defaults.keys.sorted())
    for (key, value) in documented {
      let expected = defaults[key] ?? ""
      #expect(equal(value, expected.isEmpty ? "empty" : expected), "\(key) is \(expected), documented as \(value)")
    }
  }

  @Test func whatMayChangeOnResumeIsSaid() throws {
    let root = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let text = try String(contentsOf: root.appendingPathComponent("docs/configuration.md"), encoding: .utf8)
    let section = try #require(text.components(separatedBy: "## Going on with other settings\n").last)
    for key in ConfigurationDifference.free { #expect(section.contains("`\(key)`"), "\(key)") }
  }
}
