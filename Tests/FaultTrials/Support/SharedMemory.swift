import Foundation

/// The segments in /dev/shm that jobs of a trial had, and which of them nobody has removed.
package struct SharedMemory: Sendable {
  private static let folder = "/dev/shm"
  package private(set) var names: Set<String> = []

  package init() {}

  /// Notes the segments that the processes of a job have mapped now.
  package mutating func add(_ job: Job) {
    for process in job.processes { names.formUnion(SharedMemory.names(mappedBy: "\(process.id)")) }
  }

  /// The noted segments that are still there although nobody has them mapped.
  package var leftovers: [String] {
    let present = names.filter { FileManager.default.fileExists(atPath: "\(SharedMemory.folder)/\($0)") }
    guard !present.isEmpty else { return [] }
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.filter { Int($0) != nil }
      .reduce(into: present) { $0.subtract(SharedMemory.names(mappedBy: $1)) }.sorted()
  }

  /// Makes what is left look as if it had been left an hour ago: the next start may then remove it.
  package func age() throws {
    for name in leftovers {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -3_600)], ofItemAtPath: "\(SharedMemory.folder)/\(name)")
    }
  }

  private static func names(mappedBy process: String) -> [String] {
    guard let maps = FileManager.default.contents(atPath: "/proc/\(process)/maps") else { return [] }
    return String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
      line.range(of: " \(folder)/").map { String(line[$0.upperBound...]) }
    }
  }
}
