import Faults
import ShardFormat

/// How many batches a rank may hold.
struct LoaderMemory {
  /// Frames of a clip that a batch has room for.
  let frameCount: Int
  /// Batches that are made or being made, besides the one that training has.
  let batchesAhead: Int

  /// Throws `Fault(.configuration)` with the least memory that would do.
  init(_ set: ShardSet, _ configuration: LoaderConfiguration) throws {
    let shards = set.configuration
    let longest = (0..<set.count).reduce(0) { max($0, set.frameCount(at: $1)) }
    frameCount = min(configuration.framesPerClip, longest)
    let pairs = configuration.pairsPerRank
    let pixels = pairs * (1 + frameCount) * shards.pictureByteCount
    let tokens = try LoaderMemory.tokenByteCount(set, configuration)
    let batch = pixels + pairs * (2 * shards.textWidth * MemoryLayout<Float>.size + tokens)
    // What a thread needs to read a clip: its stored bytes, and its pictures; and the stored features of its texts.
    let working = configuration.readerThreadCount * (2 * (1 + longest) * shards.pictureByteCount + tokens)
    let fitting = (configuration.memoryByteCount - working) / batch
    guard fitting >= 2 else {
      throw Fault(
        .configuration,
        "\(configuration.memoryByteCount) bytes of memory are too few: two batches of \(pairs) pairs take "
          + "\(2 * batch), and \(configuration.readerThreadCount) reader thread(s) \(working)", at: set.folder,
        remedy: "Set data.memory to \(2 * batch + working) or more, or take fewer pairs on a rank")
    }
    batchesAhead = min(configuration.prefetchBatchCount + 1, fitting - 1)
  }

  /// The most bytes of a pair's token features, those of two texts as the shards hold them; 0 where none are read.
  private static func tokenByteCount(_ set: ShardSet, _ configuration: LoaderConfiguration) throws -> Int {
    guard configuration.readsTokens else { return 0 }
    guard let shape = set.configuration.tokens else {
      throw Fault(
        .configuration, "The shards hold no token features", at: set.folder,
        remedy: "Add them with sgmn-shard embed --tokens")
    }
    return 2 * shape.maximumCount * shape.width * MemoryLayout<Float16>.size
  }
}
