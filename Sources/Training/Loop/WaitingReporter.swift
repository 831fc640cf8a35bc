import DataLoading

/// Takes what a rank waited for data, from one report to the next.
struct WaitingReporter {
  private let loader: BatchLoader
  private let interval: Double
  private var started = monotonicSeconds()
  private var before = LoaderStatistics()

  init(_ loader: BatchLoader, interval: Double) {
    self.loader = loader
    self.interval = interval
  }

  /// Whether the interval is over.
  var isDue: Bool { monotonicSeconds() - started >= interval }

  /// What happened since the last report.
  mutating func report() -> DataWaiting {
    let (now, statistics) = (monotonicSeconds(), loader.statistics)
    defer { (started, before) = (now, statistics) }
    return DataWaiting(statistics - before, seconds: now - started, readerThreadCount: loader.readerThreadCount)
  }
}
