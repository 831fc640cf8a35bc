import Foundation

@testable import Training

/// Files of the repository that say something about configurations.
enum RepositoryFile {
  static func path(_ name: String) -> String {
    (0..<3).reduce(URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()) { url, _ in
      url.deletingLastPathComponent()
    }
    .appendingPathComponent(name).path
  }

  static func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }
}

extension RunConfiguration {
  /// By full key, from the text that `--print-config` prints.
  var valuesByKey: [String: String] {
    get throws {
      var groups: [String] = []
      var result: [String: String] = [:]
      for line in try ConfigurationFile.text(of: self).split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        let value = parts.count > 1 ? parts[1] : ""
        groups = Array(groups.prefix(line.prefix { $0 == " " }.count / 2)) + [parts[0]]
        if !value.isEmpty { result[groups.joined(separator: ".")] = value.trimmingCharacters(in: ["'", "\""]) }
      }
      return result
    }
  }
}

/// As numbers where both are.
func isSameValue(_ a: String, _ b: String) -> Bool {
  if let x = Double(a), let y = Double(b) { return x == y }
  return a == b
}
