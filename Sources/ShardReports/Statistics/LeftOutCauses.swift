import ShardFormat

/// Why source entries are missing from a set in a folder of this machine.
public enum LeftOutCauses {
  /// How many entries each cause left out. Opens only the shards that have some; throws what `ShardFile` throws.
  public static func count(of set: ShardSet, folder: String, threadCount: Int) throws -> [String: Int] {
    let shards = set.index.shards.filter { $0.leftOutCount > 0 }.map(\.number)
    let parts = try ParallelWork.run(count: shards.count, threadCount: threadCount) { next in
      var counts: [String: Int] = [:]
      while let place = next() {
        let file = try ShardFile(folder: folder, number: shards[place], configuration: set.configuration)
        for note in file.leftOut { counts[note.cause, default: 0] += 1 }
      }
      return counts
    }
    return parts.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
  }
}
