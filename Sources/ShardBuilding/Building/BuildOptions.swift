/// How a set is built, as far as its bytes do not depend on it.
public struct BuildOptions: Sendable {
  /// Decoding threads of this process.
  public var threadCount: Int
  /// Whether samples that were left out are tried again; a finished set is mended then.
  public var retriesLeftOut = false
  /// Whether an unfinished build in the folder is removed first.
  public var restarts = false
  /// Whether to probe a source of more than `probedEntryCount` entries, and refuse a disk that is too small for it.
  public var checksSpace = true

  /// Smaller sources are built before they are probed.
  public static let probedEntryCount = 2_000

  public init(threadCount: Int = 1) { self.threadCount = threadCount }
}
