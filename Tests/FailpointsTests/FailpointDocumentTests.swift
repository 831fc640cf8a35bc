import Failpoints
import Foundation
import Testing

/// docs/reliability.md against the failpoints that it lists.
@Suite struct FailpointDocumentTests {
  /// The names in the first cells of the rows of the table "Failpoints".
  private func documented() throws -> [String] {
    let root = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let text = try String(contentsOf: root.appendingPathComponent("docs/reliability.md"), encoding: .utf8)
    let after = try #require(text.components(separatedBy: "\n## Failpoints\n").dropFirst().first)
    let section = after.components(separatedBy: "\n## ")[0]
    return section.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { row in
      // The first cell: `a`, `b`
      row.split(separator: "|")[0].split(separator: "`").map(String.init).filter { $0.contains(".") }
    }
  }

  @Test func everyFailpointIsDocumentedOnce() throws {
    #expect(try documented().sorted() == Failpoint.allCases.map(\.rawValue).sorted())
  }
}
