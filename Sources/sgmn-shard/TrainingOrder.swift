import DataLoading
import ShardFormat
import ShardReports

/// How training goes through a set, and how well that mixes.
struct TrainingOrder {
  var schedule: BatchSchedule
  var configuration: LoaderConfiguration

  /// - Parameter pairsPerStep: the global batch.
  init(_ set: ShardSet, pairsPerStep: Int, _ settings: (inout LoaderConfiguration) -> Void = { _ in }) throws {
    configuration = LoaderConfiguration(pairsPerRank: pairsPerStep)
    settings(&configuration)
    schedule = try BatchSchedule(set, configuration: configuration, rankCount: 1)
  }

  /// The samples of the first epoch, in order.
  var numbers: [Int] {
    let order = schedule.order(ofEpoch: 0)
    return (0..<schedule.stepsPerEpoch * schedule.pairsPerStep).map { order[$0] }
  }

  /// What was measured, and last `shuffle_quality=… neighbour_ratio=… travel=… seeks_per_sample=…`.
  func qualityLines() -> [String] {
    let quality = ShuffleQuality.measure(schedule)
    let window = configuration.shuffleWindow == 0 ? "all samples" : "windows of \(configuration.shuffleWindow)"
    return [
      "\(Figures.count(quality.count, "clip")), batches of \(quality.batch); blocks of \(configuration.shuffleBlock) in "
        + "\(window)\(configuration.uniqueProducts ? ", a product once a batch" : "")",
      "neighbours in a batch: \(Figures.percent(quality.neighbourShare)) of its pairs of samples, "
        + "\(Figures.percent(quality.randomNeighbourShare)) in a random order",
      "shuffle_quality=\(Figures.plain(quality.quality, 4)) neighbour_ratio=\(Figures.plain(quality.neighbourRatio, 3)) "
        + "travel=\(Figures.plain(quality.travel, 3)) seeks_per_sample=\(Figures.plain(quality.seeksPerSample, 4))",
    ]
  }
}
