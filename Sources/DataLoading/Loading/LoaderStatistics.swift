/// What the reader threads of a loader have done since it began, summed over its threads. The difference of two says
/// what happened in between.
public struct LoaderStatistics: Sendable, Equatable {
  /// Samples read, decompressed and put into batches.
  public var sampleCount = 0
  /// Seconds in which `next()` waited for a batch that was not ready.
  public var waitSeconds = 0.0
  /// Seconds in which threads waited for bytes of shards, from a disk or a network.
  public var readSeconds = 0.0
  public var readByteCount = 0
  /// Seconds in which threads checked hashes, decompressed and undid the predictor.
  public var decodeSeconds = 0.0
  /// Bytes of the pictures that came of it.
  public var decodedByteCount = 0
  /// Seconds in which threads had nothing to do, as enough batches were ready.
  public var idleSeconds = 0.0

  public init() {}

  public static func + (a: LoaderStatistics, b: LoaderStatistics) -> LoaderStatistics { combined(a, b, +, +) }
  public static func - (a: LoaderStatistics, b: LoaderStatistics) -> LoaderStatistics { combined(a, b, -, -) }

  private static func combined(
    _ a: LoaderStatistics, _ b: LoaderStatistics, _ seconds: (Double, Double) -> Double, _ counts: (Int, Int) -> Int
  ) -> LoaderStatistics {
    var result = LoaderStatistics()
    result.sampleCount = counts(a.sampleCount, b.sampleCount)
    result.waitSeconds = seconds(a.waitSeconds, b.waitSeconds)
    result.readSeconds = seconds(a.readSeconds, b.readSeconds)
    result.readByteCount = counts(a.readByteCount, b.readByteCount)
    result.decodeSeconds = seconds(a.decodeSeconds, b.decodeSeconds)
    result.decodedByteCount = counts(a.decodedByteCount, b.decodedByteCount)
    result.idleSeconds = seconds(a.idleSeconds, b.idleSeconds)
    return result
  }
}
