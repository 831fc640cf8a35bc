import Foundation
import Testing

@testable import Training

/// docs/configuration.md against the configuration that it describes.
@Suite struct ConfigurationDocumentTests {
  /// The first two cells of every table row that begins with a key: | `key` | default | …
  private func documented() throws -> [(key: String, value: String)] {
    let text = try RepositoryFile.text("docs/configuration.md")
    return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      return (cells[0].trimmingCharacters(in: ["`"]), cells[1].trimmingCharacters(in: ["`"]))
    }
  }

  @Test func everyKeyIsDocumentedOnceWithItsDefault() throws {
    let defaults = try RunConfiguration().valuesByKey
    let documented = try documented()
    #expect(defaults.count > 50)
    #expect(documented.map(\.key).sorted() == defaults.keys.sorted())
    for (key, value) in documented {
      let expected = defaults[key] ?? ""
      #expect(
        isSameValue(value, expected.isEmpty ? "empty" : expected), "\(key) is \(expected), documented as \(value)")
    }
  }

  @Test func whatMayChangeOnResumeIsSaid() throws {
    let text = try RepositoryFile.text("docs/configuration.md")
    let section = try #require(text.components(separatedBy: "## Going on with other settings\n").last)
    for key in ConfigurationDifference.free { #expect(section.contains("`\(key)`"), "\(key)") }
  }
}
