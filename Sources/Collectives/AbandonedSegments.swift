import Foundation

/// Shared memory that killed runs have left behind.
///
/// Ranks of one machine talk through files in /dev/shm that Open MPI makes and, when a run ends, removes. Where `mpirun`
/// itself is killed nobody removes them: 4 MiB a rank and run, of a memory that is 64 MiB in many containers. Each start
/// removes those of earlier ones.
enum AbandonedSegments {
  private static let folder = "/dev/shm"
  /// Seconds. Whatever is younger may be about to be mapped by ranks that are starting.
  private static let age = 10.0

  /// Removes the segments of this user and machine that are old enough and that no process is seen to have mapped. To
  /// ranks that are not seen, in another container say, it does no harm: they have mapped theirs long since. What cannot
  /// be removed stays: a run does not fail for the litter of another.
  static func remove() {
    let old = candidates()
    guard !old.isEmpty else { return }
    for name in Set(old).subtracting(mappedNames()) { unlink("\(folder)/\(name)") }
  }

  /// `vader_segment.HOST.USER.JOB.RANK`
  private static func candidates() -> [String] {
    var host = [CChar](repeating: 0, count: 256)
    gethostname(&host, host.count - 1)
    let name = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let prefix = "vader_segment.\(name).\(String(getuid(), radix: 16))."
    let now = time(nil)
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { file in
      var status = stat()
      return file.hasPrefix(prefix) && lstat("\(folder)/\(file)", &status) == 0
        && Double(now - status.st_mtim.tv_sec) > age
    }
  }

  /// The names of the files in /dev/shm that processes have mapped. Those that may not be looked at are not ours.
  private static func mappedNames() -> Set<String> {
    let processes = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int($0) != nil }
    return processes.reduce(into: []) { names, process in
      guard let maps = FileManager.default.contents(atPath: "/proc/\(process)/maps") else { return }
      names.formUnion(AbandonedSegments.names(inMaps: String(decoding: maps, as: UTF8.self)))
    }
  }

  /// The names of the files in /dev/shm that the text of a `/proc/PID/maps` lists.
  static func names(inMaps text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
      line.range(of: " \(folder)/").map { String(line[$0.upperBound...]) }
    }
  }
}
