import DataLoading
import RemoteStorage

/// Takes what a rank waited for data, from one report to the next.
struct WaitingReporter {
  private let feed: BatchFeed
  /// The storage, where it goes over the network.
  private let network: (any NetworkMeasuring)?
  private let interval: Double
  private var started = monotonicSeconds()
  private var before = LoaderStatistics()
  private var usageBefore = NetworkUsage()

  init(_ feed: BatchFeed, _ network: (any NetworkMeasuring)?, interval: Double) {
    self.feed = feed
    self.network = network
    self.interval = interval
  }

  /// Whether the interval is over.
  var isDue: Bool { monotonicSeconds() - started >= interval }

  /// What happened since the last report.
  mutating func report() -> DataWaiting {
    let (now, statistics, usage) = (monotonicSeconds(), feed.statistics, network?.networkUsage ?? NetworkUsage())
    defer { (started, before, usageBefore) = (now, statistics, usage) }
    return DataWaiting(
      statistics - before, usage.since(usageBefore), seconds: now - started,
      readerThreadCount: feed.readerThreadCount)
  }
}
